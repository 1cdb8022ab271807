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

interface Waiter {
  /** Resolves it when all is taken. */
  look(): void
  reject(reason: unknown): void
}

/** @param failed rejects when the follower goes no further */
export const createReach = (log: Pick<EventLog, 'ranges'>, topics: readonly LogTopicName[], failed: Promise<never>): Reach => {
  const positions = new Map<string, number>()
  const waiting = new Set<Waiter>()
  let dead: { readonly reason: unknown } | null = null
  const nameOf = (topic: LogTopicName, partition: number): string => `${topic}/${partition}`
  // Once, not by each who waits: a promise that stays pending keeps all who ever raced with it.
  failed.catch((reason: unknown) => {
    dead = { reason }
    for (const { reject } of waiting) reject(reason)
    waiting.clear()
  })
  return {
    passed(topic, partition, next) {
      positions.set(nameOf(topic, partition), next)
      for (const { look } of waiting) look()
    },
    next: (topic, partition) => positions.get(nameOf(topic, partition)),
    async reached() {
      const ranges = await log.ranges(topics)
      const done = (): boolean =>
        ranges.every(({ topic, partition, earliest, next }) => next === earliest || (positions.get(nameOf(topic, partition)) ?? -1) >= next)
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = {
          look() {
            if (!done()) return
            waiting.delete(waiter)
            resolve()
          },
          reject,
        }
        if (dead !== null && !done()) return reject(dead.reason)
        waiting.add(waiter)
        waiter.look()
      })
    },
  }
}
