import type { FetchAnswer, FetchedMessage, PartitionAnswer } from './answer-reader.ts'
import { batchContextOf, batchHeadBytes, type OpenBatch, readKafkaBatch } from './kafka-batch.ts'

/** kafkajs's reader of bytes, as far as it is needed. */
export interface AnswerBytes {
  readInt16(): number
  readInt32(): number
  readInt64(): bigint
  readString(): string
  readBytes(bytes: number): Buffer
  canReadBytes(bytes: number): boolean
}

/** First offset i64, length i32: they stand in every format. */
const batchStartBytes = 12
const magicAt = 16
const lastOffsetDeltaAt = 23
const recordBatchMagic = 2

/**
 * Reads a broker's answer to FETCH (version 11). kafkajs's own decoder fails the whole answer, for every partition in it and each time it is asked for again,
 * over one batch that it can't read; here such a batch becomes one message without a value, at the batch's last offset: nothing opens it, and who reads
 * goes on behind it.
 * Source: FetchResponse.json and DefaultRecordBatch of Apache Kafka.
 */
export const createFetchAnswerReader = (openBytes: (raw: Buffer) => AnswerBytes, open: OpenBatch) => {
  const listOf = async <T>(bytes: AnswerBytes, read: () => T | Promise<T>): Promise<T[]> => {
    const all: T[] = []
    for (let left = bytes.readInt32(); left > 0; left--) all.push(await read())
    return all
  }

  const messagesOf = async (bytes: AnswerBytes): Promise<FetchedMessage[]> => {
    const size = bytes.readInt32()
    if (size <= 0 || !bytes.canReadBytes(size)) return []
    const batches = bytes.readBytes(size)
    const messages: FetchedMessage[] = []
    for (let at = 0; at + batchStartBytes <= batches.length;) {
      const end = at + batchStartBytes + batches.readInt32BE(at + 8)
      // The limit of bytes cuts the last one off.
      if (end > batches.length || end <= at) break
      for (const message of await recordsOf(batches.subarray(at, end))) messages.push(message)
      at = end
    }
    return messages
  }

  const recordsOf = async (batch: Buffer): Promise<readonly FetchedMessage[]> => {
    if (batch.length < batchHeadBytes || batch[magicAt] !== recordBatchMagic) return [unread(batch.readBigInt64BE(0), {})]
    try {
      return await readKafkaBatch(batch, open)
    } catch {
      return [unread(batch.readBigInt64BE(0) + BigInt(Math.max(0, batch.readInt32BE(lastOffsetDeltaAt))), batchContextOf(batch))]
    }
  }

  const partitionOf = async (bytes: AnswerBytes): Promise<PartitionAnswer & { readonly errorCode: number }> => {
    const partition = bytes.readInt32()
    const errorCode = bytes.readInt16()
    const highWatermark = bytes.readInt64().toString()
    const lastStableOffset = bytes.readInt64().toString()
    // Where the log starts.
    bytes.readInt64()
    const abortedTransactions = await listOf(bytes, () => ({
      producerId: bytes.readInt64().toString(),
      firstOffset: bytes.readInt64().toString(),
    }))
    // Which replica would rather be asked.
    bytes.readInt32()
    return { partition, errorCode, highWatermark, lastStableOffset, abortedTransactions, messages: await messagesOf(bytes) }
  }

  /** As kafkajs has it, which waits by `clientSideThrottleTime`. */
  return async (raw: Buffer) => {
    const bytes = openBytes(raw)
    const clientSideThrottleTime = bytes.readInt32()
    const errorCode = bytes.readInt16()
    // The session's id.
    bytes.readInt32()
    const responses = await listOf(bytes, async () => ({
      topicName: bytes.readString(),
      partitions: await listOf(bytes, () => partitionOf(bytes)),
    }))
    return { throttleTime: 0, clientSideThrottleTime, errorCode, responses } satisfies FetchAnswer & Record<string, unknown>
  }
}

const unread = (offset: bigint, batchContext: NonNullable<FetchedMessage['batchContext']>): FetchedMessage => ({
  offset: offset.toString(),
  key: Buffer.alloc(0),
  value: null,
  batchContext,
})
