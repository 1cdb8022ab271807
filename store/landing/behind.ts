import { isClock } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { receivedAtOf } from '../../contracts/received-at.ts'
import { partitionName } from './landing-batch.ts'

/** A flush every second or so is not being behind. */
export const toleratedMs = 5_000
const waitingBatchesMax = 10_000

/** How far the tables are behind the log, by the edge's clock: the age of the oldest observation that is not in its table. */
export interface Behind {
  /** A batch was taken to be landed. */
  took(topic: LogTopicName, partition: number, records: readonly LogRecord[], nextOffset: number): void
  /** Everything below `nextOffset` is in its table. */
  wrote(topic: string, partition: number, nextOffset: number): void
  /** Since when nothing can be taken at all, because where to resume can't be learnt, ms; null: it can. */
  blocked(sinceMs: number | null): void
  /** Others have the partitions now. */
  forget(): void
  /** ms; null when nothing waits, or not for long. */
  behindMs(nowMs: number): number | null
}

export const createBehind = (): Behind => {
  /** By partition, oldest first: batches that are not in a table yet, and the time of their first record. */
  const waiting = new Map<string, { readonly nextOffset: number; readonly fromMs: number }[]>()
  let blockedMs = Infinity
  return {
    blocked(sinceMs) {
      blockedMs = sinceMs ?? Infinity
    },
    forget: () => waiting.clear(),
    took(topic, partition, records, nextOffset) {
      if (!topic.startsWith('observations.')) return
      // A clock record lands nowhere: with nothing else there is nothing to be behind of.
      const first = records.find(({ value }) => value.length >= 8 && !isClock(value))
      if (first === undefined) return
      const name = partitionName(topic, partition)
      const batches = waiting.get(name) ?? []
      waiting.set(name, batches)
      // Above the bound the oldest is what matters, and it is held.
      if (batches.length < waitingBatchesMax) batches.push({ nextOffset, fromMs: receivedAtOf(first) })
    },
    wrote(topic, partition, nextOffset) {
      const batches = waiting.get(partitionName(topic, partition))
      if (batches === undefined) return
      let done = 0
      while (done < batches.length && batches[done]!.nextOffset <= nextOffset) done++
      batches.splice(0, done)
    },
    behindMs(nowMs) {
      let oldestMs = blockedMs
      for (const [first] of waiting.values()) if (first !== undefined) oldestMs = Math.min(oldestMs, first.fromMs)
      const ms = nowMs - oldestMs
      return ms > toleratedMs ? ms : null
    },
  }
}
