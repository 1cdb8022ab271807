import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { TopicFold } from '../../contracts/topic-fold.ts'

export interface TopicFollower {
  /** Resolves when the folds hold everything that stands in the log now. */
  reached(): Promise<void>
  /** From here on the folds are given nothing more. */
  stop(): void
  /** As of `LogConsumer`. */
  readonly failed: Promise<void>
  close(): Promise<void>
}

/** Keeps folds current with what another process writes. */
export const followTopics = async (options: {
  readonly log: EventLog
  readonly folds: readonly TopicFold[]
  /** A group of its own: everyone has to see everything. */
  readonly group: string
  readonly logger: Logger
}): Promise<TopicFollower> => {
  const { log, folds, group, logger } = options
  const byTopic = new Map(folds.map((fold): [LogTopicName, TopicFold] => [fold.topic, fold]))
  const topics = [...byTopic.keys()]
  const seen = new Map<LogTopicName, number>()
  const waiting = new Set<() => void>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let stopped = false
  for (const { topic, from } of folds) if (typeof from === 'number') seen.set(topic, from)

  const consumer = await log.consume({
    topics,
    group,
    // Given back and taken again it goes on where it was.
    onAssigned: async (partitions) => partitions.map(({ topic }) => seen.get(topic) ?? byTopic.get(topic)!.from),
    async onBatch({ topic, records, nextOffset }) {
      if (stopped) return
      const fold = byTopic.get(topic)!
      for (const record of records) fold.take(record)
      seen.set(topic, nextOffset)
      for (const look of waiting) look()
    },
    onOutOfRange: (gap) => logger.error(gap, 'a part of what a desk keeps is gone from the log'),
  })
  consumer.failed.catch(failed.reject)

  return {
    async reached() {
      const ranges = await log.ranges(topics)
      const done = (): boolean => ranges.every(({ topic, earliest, next }) => next === earliest || (seen.get(topic) ?? -1) >= next)
      const all = new Promise<void>((resolve) => {
        const look = (): void => {
          if (!done()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      })
      await Promise.race([all, failed.promise])
    },
    stop: () => void (stopped = true),
    failed: consumer.failed,
    close: () => consumer.close(),
  }
}
