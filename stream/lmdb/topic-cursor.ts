import type { LogBatch, LogRecord } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { PartitionCursor } from '../partition-source.ts'
import { type KeyCache, readRecordBatch, type RecordBatchReader } from '../record-batch.ts'
import { missingBlob, type TopicStore } from './topic-store.ts'

/** A batch is not filled up with further blobs beyond this. */
const batchBytesMax = 4_194_304

/**
 * A reader's place in a partition. Small blobs are joined into one batch, a large one is handed out in pieces: the one it is in the
 * middle of stays open (at most one blob's memory).
 */
export const createTopicCursor = (topic: LogTopicName, partition: number, store: TopicStore, keys: KeyCache): PartitionCursor => {
  let reader: RecordBatchReader | null = null

  const openAt = (offset: number): RecordBatchReader | null => {
    if (reader !== null && !reader.done() && reader.nextOffset() === offset) return reader
    reader = null
    const blob = store.blobAt(partition, offset)
    if (blob === null) return null
    const opened = readRecordBatch(blob.plain, blob.firstOffset, keys)
    opened.skipTo(offset)
    if (opened.done()) return null
    readBytes += blob.plain.length
    reader = opened
    return opened
  }
  let readBytes = 0

  return {
    readFrom(offset, recordsMax) {
      try {
        const endOffset = store.nextOffsets()[partition]!
        if (offset > endOffset) return { beyond: endOffset }
        if (offset === endOffset) return null
        const records: LogRecord[] = []
        let next = offset
        readBytes = 0
        while (records.length < recordsMax && next < endOffset && readBytes < batchBytesMax) {
          let open: RecordBatchReader | null
          try {
            open = openAt(next)
          } catch (error) {
            // What lies before a damaged blob is handed out first: the next read begins at the damage, and tells it where it is.
            if (records.length > 0) break
            throw error
          }
          if (open === null) {
            if (records.length > 0) break
            const earliest = store.earliestOffset(partition)
            if (earliest <= offset) throw missingBlob(topic, partition, offset)
            return { goOnAt: earliest }
          }
          open.take(recordsMax - records.length, records)
          next = open.nextOffset()
          if (open.done()) reader = null
        }
        return { topic, partition, records, nextOffset: next, endOffset } satisfies LogBatch
      } finally {
        store.endRead()
      }
    },
  }
}
