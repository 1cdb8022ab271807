import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createReach } from '../../contracts/reach.ts'
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
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let stopped = false
  const reach = createReach(log, topics, failed.promise)
  // Of one partition each.
  for (const { topic, from } of folds) if (typeof from === 'number') reach.passed(topic, 0, from)

  const consumer = await log.consume({
    topics,
    group,
    // Given back and taken again it goes on where it was.
    onAssigned: async (partitions) => partitions.map(({ topic, partition }) => reach.next(topic, partition) ?? byTopic.get(topic)!.from),
    async onBatch({ topic, partition, records, nextOffset }) {
      if (stopped) return
      const fold = byTopic.get(topic)!
      for (const record of records) fold.take(record)
      reach.passed(topic, partition, nextOffset)
    },
    onGap(gap) {
      logger.error(gap, 'a part of what a desk keeps is gone from the log')
      reach.passed(gap.topic, gap.partition, gap.to)
    },
  })
  consumer.failed.catch(failed.reject)

  return {
    reached: reach.reached,
    stop: () => void (stopped = true),
    failed: consumer.failed,
    close: () => consumer.close(),
  }
}
