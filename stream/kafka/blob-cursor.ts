import type { LogRecord } from '../../contracts/event-log.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { type KeyCache, readRecordBatch, type RecordBatchReader } from '../record-batch.ts'
import { firstOffsetOf } from './blob-offset.ts'
import type { BlobSeal } from './blob-seal.ts'

export interface FetchedBlob {
  /** Kafka's offset. */
  readonly offset: number
  readonly sealed: Buffer
  /** When the broker took it, ms; undefined where the topic is not set to say so. */
  readonly appendedAtMs: number | undefined
}

/** What comes next: records, or one blob that does not open. */
export type Taken =
  | { readonly records: readonly LogRecord[]; readonly nextOffset: number }
  | { readonly unopened: SealBroken; readonly blob: number; readonly nextOffset: number }

/** A reader's place in a partition: opens blobs as they are needed, joins small ones into one batch, hands large ones out in pieces. */
export interface BlobCursor {
  /**
   * At most `recordsMax` records from the blobs that `nextBlob` gives (null: none is here now); null when there is none.
   * What lies before a blob that does not open is handed out first; then that blob, with the offset behind it.
   */
  take(recordsMax: number): Taken | null
}

/** A batch is not filled up with further blobs beyond this. */
const batchPlainBytesMax = 4_194_304

export const createBlobCursor = (options: {
  readonly name: string
  readonly start: number
  readonly seal: BlobSeal
  readonly keys: KeyCache
  readonly nextBlob: () => FetchedBlob | null
  /** A blob has opened. */
  readonly opened: () => void
}): BlobCursor => {
  const { name, start, seal, keys, nextBlob, opened } = options
  let open: { readonly blob: number; readonly reader: RecordBatchReader } | null = null
  let unopened: { readonly unopened: SealBroken; readonly blob: number; readonly nextOffset: number } | null = null

  const openNext = (): number => {
    const blob = nextBlob()
    if (blob === null) return 0
    let plain: Buffer
    try {
      plain = seal.open(blob.sealed)
    } catch (error) {
      const told = `${name}, blob ${blob.offset} (records from ${firstOffsetOf(blob.offset)} on): ${error instanceof Error ? error.message : String(error)}`
      unopened = { unopened: new SealBroken(told, { cause: error }), blob: blob.offset, nextOffset: firstOffsetOf(blob.offset + 1) }
      return 0
    }
    opened()
    const reader = readRecordBatch(plain, firstOffsetOf(blob.offset), keys, blob.appendedAtMs)
    reader.skipTo(start)
    open = { blob: blob.offset, reader }
    return plain.length
  }

  return {
    take(recordsMax) {
      const records: LogRecord[] = []
      let bytes = 0
      let nextOffset = start
      while (records.length < recordsMax && bytes < batchPlainBytesMax && unopened === null) {
        if (open === null) {
          const plainBytes = openNext()
          if (plainBytes === 0) break
          bytes += plainBytes
        }
        const { blob, reader } = open!
        reader.take(recordsMax - records.length, records)
        nextOffset = reader.nextOffset()
        if (reader.done()) {
          open = null
          nextOffset = firstOffsetOf(blob + 1)
        }
      }
      if (records.length > 0) return { records, nextOffset }
      const passed = unopened
      unopened = null
      return passed
    },
  }
}
