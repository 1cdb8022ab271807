import type { LogBatch, PartitionRange } from '../contracts/event-log.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'

/** What a log that is read by polling or by waking offers; the consumer and the range reader are built on it. */
export interface PartitionSource {
  range(topic: LogTopicName, partition: number): PartitionRange
  openCursor(topic: LogTopicName, partition: number): PartitionCursor
  /** Something may have been appended to the topic; calls come from any turn of the event loop. Answers how to stop. */
  watch(topic: LogTopicName, appended: () => void): () => void
}

/** One reader's place in a partition: it may hold the blob that it is in the middle of. */
export interface PartitionCursor {
  /**
   * The records from `offset` on, at most `recordsMax`; null when there is none yet; where to go on when retention dropped
   * those; `beyond` when `offset` lies after the end, which an honest reader's never does.
   */
  readFrom(offset: number, recordsMax: number): LogBatch | { readonly goOnAt: number } | { readonly beyond: number } | null
}
