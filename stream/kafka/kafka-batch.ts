import type { FetchedMessage } from './answer-reader.ts'

/** Opens what a batch is packed with. Rejects when it can't, or when there is too much. */
export type OpenBatch = (compression: number, packed: Buffer) => Promise<Buffer>

const compressionMask = 0x07
const logAppendTimeMask = 0x08
const inTransactionMask = 0x10
const controlMask = 0x20
const attributesAt = 21
const maxTimestampAt = 35
const producerIdAt = 43
const recordsCountAt = 57
/** Up to where the records begin. */
export const batchHeadBytes = 61

/** What kafkajs's filter of aborted transactions asks for. */
export const batchContextOf = (batch: Buffer): { readonly inTransaction: boolean; readonly producerId: string } => ({
  inTransaction: (batch.readInt16BE(attributesAt) & inTransactionMask) !== 0,
  producerId: batch.readBigInt64BE(producerIdAt).toString(),
})

/**
 * The records of one batch of Kafka's format 2, its head included. Rejects with `RangeError` (or what `open` rejects with) where the bytes say what can't be:
 * kafkajs's own decoder goes round for hours over a changed count of headers.
 * Source: DefaultRecordBatch and DefaultRecord of Apache Kafka.
 */
export const readKafkaBatch = async (batch: Buffer, open: OpenBatch): Promise<readonly FetchedMessage[]> => {
  const attributes = batch.readInt16BE(attributesAt)
  const batchContext = batchContextOf(batch)
  const isControlRecord = (attributes & controlMask) !== 0
  const firstOffset = Number(batch.readBigInt64BE(0))
  // With a time of its own the broker writes one for the whole batch; otherwise times are the producer's word.
  const appendedAtMs = (attributes & logAppendTimeMask) === 0 ? undefined : Number(batch.readBigInt64BE(maxTimestampAt))
  const packed = batch.subarray(batchHeadBytes)
  const compression = attributes & compressionMask
  const bytes = createBytes(compression === 0 ? packed : await open(compression, packed))
  const messages: FetchedMessage[] = []
  // A record takes bytes: a count that is too high runs out of them.
  for (let left = batch.readInt32BE(recordsCountAt); left > 0; left--) {
    const length = bytes.varint()
    const end = bytes.at() + length
    // Attributes: none are in use.
    bytes.skip(1)
    // The time that the producer gave.
    bytes.varlong()
    const offset = String(firstOffset + bytes.varint())
    const key = bytes.block()
    const value = bytes.block()
    const headers = readHeaders(bytes)
    if (bytes.at() !== end) throw new RangeError(`a record of ${length} bytes holds something else`)
    messages.push({ offset, key, value, headers, isControlRecord, batchContext, appendedAtMs })
  }
  return messages
}

const readHeaders = (bytes: Bytes): Readonly<Record<string, Buffer | null>> => {
  const headers: Record<string, Buffer | null> = Object.create(null)
  // A header takes bytes, too.
  for (let left = bytes.varint(); left > 0; left--) {
    const name = bytes.block()
    headers[name === null ? '' : name.toString('utf8')] = bytes.block()
  }
  return headers
}

type Bytes = ReturnType<typeof createBytes>

/** Reads on; throws `RangeError` at the end. */
const createBytes = (buffer: Buffer) => {
  let at = 0
  const past = (): never => {
    throw new RangeError('a batch is cut off')
  }
  const skip = (bytes: number): void => {
    if (bytes < 0 || at + bytes > buffer.length) past()
    at += bytes
  }
  /** Zigzag, at most five bytes. */
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = at < buffer.length ? buffer[at++]! : past()
      value |= (byte & 127) << shift
      if (byte < 128) return (value >>> 1) ^ -(value & 1)
    }
    throw new RangeError('a number in a batch has no end')
  }
  return {
    at: () => at,
    skip,
    varint,
    /** Passed over: at most ten bytes. */
    varlong(): void {
      for (let bytes = 0; bytes < 10; bytes++) if ((at < buffer.length ? buffer[at++]! : past()) < 128) return
      throw new RangeError('a number in a batch has no end')
    },
    /** A length and so many bytes, not copied; null when the length is -1. */
    block(): Buffer | null {
      const length = varint()
      if (length === -1) return null
      const from = at
      skip(length)
      return buffer.subarray(from, at)
    },
  }
}
