import type { EventLog, LogConsumer } from '../contracts/event-log.ts'
import type { Logger } from '../contracts/logger.ts'
import { createReach } from '../contracts/reach.ts'
import { registryEvent } from '../contracts/registry.ts'
import type { Directory } from './fold.ts'

export interface RegistryFollower {
  /** Resolves when everything that stood in the log at the start is folded in; rejects when the consumer fails before. */
  readonly caughtUp: Promise<void>
  /** Resolves when everything that stands in the log now is folded in; rejects when the consumer fails before. */
  reached(): Promise<void>
  /** As of `LogConsumer`: rejects when following has failed. */
  readonly failed: Promise<void>
  close(): Promise<void>
}

interface Following {
  readonly log: EventLog
  readonly directory: Pick<Directory, 'apply'>
  /** Each process needs a group of its own: everyone has to see every event. */
  readonly group: string
  readonly logger: Logger
}

const topic = 'registry.v1'

/**
 * Keeps a directory current from `registry.v1`, from its beginning. An event that cannot be read is told and passed over: one bad record
 * must not keep later revocations from taking effect.
 */
export const followRegistry = async ({ log, directory, group, logger }: Following): Promise<RegistryFollower> => {
  const dead = Promise.withResolvers<never>()
  dead.promise.catch(() => {})
  const reach = createReach(log, [topic], dead.promise)

  const fold = (value: Uint8Array, offset: number): void => {
    try {
      directory.apply(registryEvent.parse(JSON.parse(Buffer.from(value).toString('utf8'))))
    } catch (error) {
      logger.error({ topic, offset, error }, 'an event of the registry cannot be read; it is passed over')
    }
  }

  const next = new Map<number, number>()
  const consumer: LogConsumer = await log.consume({
    topics: [topic],
    group,
    // After a rebalance it goes on where it was: an old event folded again would undo a later one.
    onAssigned: (partitions) => Promise.resolve(partitions.map(({ partition }) => next.get(partition) ?? 'earliest')),
    onBatch({ partition, records, nextOffset }) {
      for (const { value, offset } of records) fold(value, offset)
      next.set(partition, nextOffset)
      reach.passed(topic, partition, nextOffset)
      return Promise.resolve()
    },
    // Nothing expires in this topic: a gap is a damaged log, or a message that somebody wrote without the log's key.
    onGap(gap) {
      logger.error(gap, 'a part of the registry is gone from the log')
      next.set(gap.partition, gap.to)
      reach.passed(topic, gap.partition, gap.to)
    },
  })
  consumer.failed.catch(dead.reject)
  const caughtUp = reach.reached()
  // Whoever awaits neither must not end the process by it: `failed` is the one to watch.
  caughtUp.catch(() => undefined)
  return { caughtUp, reached: reach.reached, failed: consumer.failed, close: () => consumer.close() }
}
