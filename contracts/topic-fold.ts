import type { LogRecord, StartPosition } from './event-log.ts'
import type { LogTopicName } from './log-topics.ts'

/** A topic of one partition, held in memory as far as it was read at the start: whoever reads on keeps it current, until this process writes it itself. */
export interface TopicFold {
  readonly topic: LogTopicName
  /** Where to read on. */
  readonly from: StartPosition
  /** The next record of the topic. */
  take(record: LogRecord): void
}
