import type { LogParcel } from './log-parcel.ts'
import type { LogTopicName } from './log-topics.ts'

/**
 * The durable log's port. Two adapters: `stream/lmdb` (embedded) and Kafka. One conformance suite: `stream/conformance.ts`.
 *
 * An offset is a safe integer, ascending within a partition, *with gaps*: never compute with it, only compare and store it.
 * (2^53 offsets last 285 years at a million records a second; an adapter asserts it.)
 * There is no atomicity across partitions. Appends of one caller to one partition keep their order.
 */
export interface AppendRecord {
  /** Decides the partition (murmur2) unless `partition` is given. At most `logKeyBytesMax` bytes in UTF-8. */
  readonly key: string
  /** The bytes as they are; not copied: do not change them until the append is settled. */
  readonly value: Uint8Array
  readonly partition?: number
}

export interface LogRecord {
  readonly offset: number
  readonly key: string
  /** A view into the batch's memory: copy what must outlive the batch handler. */
  readonly value: Uint8Array
  /** When the log took it, by the log's own clock, ms; the same each time it is read. Absent where the log has no other clock than its writers (embedded). */
  readonly appendedAtMs?: number | undefined
}

export interface LogBatch {
  readonly topic: LogTopicName
  readonly partition: number
  /** Ascending offsets; never empty. */
  readonly records: readonly LogRecord[]
  /** Where to go on after this batch. */
  readonly nextOffset: number
  /** The partition's end when the batch was read. */
  readonly endOffset: number
  /** Records behind this batch, about, where offsets have wide gaps and their difference says little. */
  readonly lagRecords?: number
}

/** How many records lie behind a batch: about, or an upper bound. */
export const lagOf = ({ lagRecords, endOffset, nextOffset }: LogBatch): number => lagRecords ?? endOffset - nextOffset

export interface PartitionRange {
  readonly topic: LogTopicName
  readonly partition: number
  /** The first offset still held. */
  readonly earliest: number
  /** The offset after the last one. */
  readonly next: number
}

/** Where a consumer starts in a partition: an offset, or an end of what is held. */
export type StartPosition = number | 'earliest' | 'latest'

export interface ConsumeOptions {
  readonly topics: readonly LogTopicName[]
  /** Consumers of one group share the partitions; embedded, the one consumer has them all. */
  readonly group: string
  /** Called with the partitions gained, before the first batch; answers where to start (restore state before answering). */
  readonly onAssigned: (partitions: readonly { topic: LogTopicName; partition: number }[]) => Promise<readonly StartPosition[]>
  /** One batch at a time per partition. It is taken as done when the promise resolves; a rejection stops the consumer and `failed` tells. */
  readonly onBatch: (batch: LogBatch) => Promise<void>
  /** A rebalance has begun: the handlers that run are waited for, and after them `onRevoked`. Who waits for something in a handler may end it here. */
  readonly onRevoking?: () => void
  readonly onRevoked?: (partitions: readonly { topic: LogTopicName; partition: number }[]) => Promise<void>
  /** On `close`, after the last handler and before the partitions are anybody else's: who has to write something still does it here. Kafka only. */
  readonly onLeaving?: () => Promise<void>
  /** Records `from`..`to` will never come; the consumer goes on at `to`. Who keeps a place moves it there, or waits for ever for what was last. */
  readonly onGap?: (gap: LogGap) => void
  readonly batchRecordsMax?: number
}

export interface LogGap {
  readonly topic: LogTopicName
  readonly partition: number
  readonly from: number
  readonly to: number
  /**
   * 'retention': the place lay below what is still held. 'unopened' (Kafka only): a message does not open with the log's key, since it was changed on a disk, or
   * written by who has a right to write and not the key.
   */
  readonly why: 'retention' | 'unopened'
}

export interface LogConsumer {
  /** Rejects with the reason when the consumer has failed; stays pending otherwise, resolves on close. */
  readonly failed: Promise<void>
  /**
   * Where partitions can go to another process: whether none can have them by now. A process that was frozen, or cut off, hears later that one has. Absent where
   * there is no other.
   */
  isCertain?(): boolean
  /** Resolves when it is certain; maybe never. */
  whenCertain?(): Promise<void>
  /** Waits for the running handler, then stops. Idempotent. */
  close(): Promise<void>
}

/** Why an append did not happen: an expected failure (a full disk, a broker away). The records are *not* in the log. */
export class LogUnavailable extends Error {
  /** 'not-leading': another process writes this topic now, and this one never again. */
  readonly reason: 'disk-full' | 'closed' | 'broker-away' | 'io' | 'not-leading'
  constructor(reason: LogUnavailable['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LogUnavailable'
    this.reason = reason
  }
}

export interface EventLog {
  /** Resolves when every record is on disk (embedded: fsync; Kafka: acks=all). Rejects with `LogUnavailable`. */
  append(topic: LogTopicName, records: readonly AppendRecord[]): Promise<void>
  /** Absent when the adapter has nothing cheaper than `append`: `createPlainParcel` serves then. */
  createParcel?(topic: LogTopicName): LogParcel
  consume(options: ConsumeOptions): Promise<LogConsumer>
  ranges(topics: readonly LogTopicName[]): Promise<readonly PartitionRange[]>
  /**
   * Reads a range once, in order, for backtests and verification; throws `RangeError` below the earliest offset. What does not open is passed over, as in
   * `onGap`.
   */
  read(topic: LogTopicName, partition: number, from: number, to: number): AsyncIterable<LogBatch>
  stats(): Readonly<Record<string, number>>
  /** Why it can not be read or written for now, in the words of what it stands on; null while it can. Absent where an append says all there is. */
  trouble?(): string | null
  /** Settles what was appended, stops consumers, releases the directory. Idempotent. */
  close(): Promise<void>
}

export const logKeyBytesMax = 512
export const logValueBytesMax = 1_048_576
