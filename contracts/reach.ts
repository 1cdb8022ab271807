import type { EventLog, StartPosition } from './event-log.ts'
import type { LogTopicName } from './log-topics.ts'

/** How far a follower has come in topics, and when that is all that stands in them. */
export interface Reach {
  /** The records of a partition below `next` are taken. */
  passed(topic: LogTopicName, partition: number, next: number): void
  /** Where a partition goes on that is given back and taken again; undefined: nothing of it was taken. */
  next(topic: LogTopicName, partition: number): StartPosition | undefined
  /** Resolves when everything that stands in the log now is taken; rejects when `failed` does before. */
  reached(): Promise<void>
}

/** @param failed rejects when the follower goes no further */
export const createReach = (log: Pick<EventLog, 'ranges'>, topics: readonly LogTopicName[], failed: Promise<never>): Reach => {
  const positions = new Map<string, number>()
  const waiting = new Set<() => void>()
  const nameOf = (topic: LogTopicName, partition: number): string => `${topic}/${partition}`
  return {
    passed(topic, partition, next) {
      positions.set(nameOf(topic, partition), next)
      for (const look of waiting) look()
    },
    next: (topic, partition) => positions.get(nameOf(topic, partition)),
    async reached() {
      const ranges = await log.ranges(topics)
      const done = (): boolean =>
        ranges.every(({ topic, partition, earliest, next }) => next === earliest || (positions.get(nameOf(topic, partition)) ?? -1) >= next)
      const all = new Promise<void>((resolve) => {
        const look = (): void => {
          if (!done()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      })
      await Promise.race([all, failed])
    },
  }
}
