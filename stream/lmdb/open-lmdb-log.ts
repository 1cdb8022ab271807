import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../contracts/clock.ts'
import { type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import { type LogTopicName, logTopics } from '../../contracts/log-topics.ts'
import { type Logger, silentLogger } from '../../contracts/logger.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import { addCommitFigures } from '../commit-figures.ts'
import { createAppendedKeys } from '../appended-keys.ts'
import type { PartitionSource } from '../partition-source.ts'
import { readRange } from '../read-range.ts'
import { createKeyCache } from '../record-batch.ts'
import { startTailingConsumer } from '../tailing-consumer.ts'
import { checkKey } from './key-check.ts'
import { createTailPoller } from './tail-poller.ts'
import { createLmdbTopic, type LmdbTopic } from './lmdb-topic.ts'
import { dropExpired, startRounds } from './retention.ts'
import { createTopicCursor } from './topic-cursor.ts'

export interface LmdbLogOptions {
  readonly directory: string
  readonly sealer: Sealer
  readonly clock: Clock
  readonly logger?: Logger
  /** One process of a data directory is its 'owner' and does the retention; the others are 'shared'. Default 'shared'. */
  readonly mode?: 'owner' | 'shared'
  /** The longest that an append waits for company before its flush. Default 10. */
  readonly lingerMsMax?: number
  /** So many waiting bytes start a commit at once. Default 1 MiB. */
  readonly commitBytesTarget?: number
  /** Records of one partition and commit are cut into blobs of about this size. Default 512 KiB. */
  readonly blobBytesMax?: number
  /** Bytes that may wait for the disk, per topic: above it `append` waits before it copies; a parcel's are its writer's to limit. Default 128 MiB. */
  readonly queueBytesMax?: number
  /** How often to look for appends of other processes while they come; six times that while they don't. Default 5. */
  readonly pollMs?: number
  /** Age at which records of 'expire' topics are dropped. Default 7 days. */
  readonly retentionMs?: number
  /** Size of a topic from which its oldest records are dropped ('expire' topics only). Default 8 GiB. */
  readonly retentionBytes?: number
  /** How often the owner looks for what to drop. Default 10 s. */
  readonly retentionEveryMs?: number
}

/**
 * The embedded event log: one lmdb environment a topic under `directory`, opened when first used, so that a topic's flushes
 * and its retention are its own. Several processes may have the same directory open, reading and writing.
 * Throws `SealBroken` when the directory was written with another key.
 *
 * Memory: at most `queueBytesMax` a topic wait for the disk, plus one blob a partition that is being read.
 */
export const openLmdbLog = async (options: LmdbLogOptions): Promise<EventLog> => {
  const { directory, sealer, clock } = options
  const logger = options.logger ?? silentLogger
  checkKey(directory, sealer, randomBytes(6).toString('hex'))
  const topics = new Map<LogTopicName, LmdbTopic>()
  const consumers = new Set<LogConsumer>()
  const appendedKeys = createAppendedKeys()
  const keyCache = createKeyCache()
  const poller = createTailPoller({
    pollMs: options.pollMs ?? 5,
    commitCount: (topic) => topicOf(topic).opened().store.commitCount(),
    endRead: (topic) => topicOf(topic).opened().store.endRead(),
  })
  let closing: Promise<void> | null = null

  const alive = (): void => {
    if (closing !== null) throw new LogUnavailable('closed', 'the log is closed')
  }

  const topicOf = (topic: LogTopicName): LmdbTopic => {
    const here = topics.get(topic)
    if (here !== undefined) return here
    const created = createLmdbTopic({
      topic,
      directory: join(directory, topic),
      sealer,
      nowMs: () => clock.now(),
      keys: appendedKeys,
      lingerMsMax: options.lingerMsMax ?? 10,
      commitBytesTarget: options.commitBytesTarget ?? 1_048_576,
      blobBytesMax: options.blobBytesMax ?? 524_288,
      queueBytesMax: options.queueBytesMax ?? 134_217_728,
      appended: () => poller.appended(topic),
    })
    topics.set(topic, created)
    return created
  }
  const openAll = (names: readonly LogTopicName[]): Promise<unknown> => Promise.all(names.map((name) => topicOf(name).open()))

  const source: PartitionSource = {
    range(topic, partition) {
      const { store } = topicOf(topic).opened()
      try {
        return { topic, partition, earliest: store.earliestOffset(partition), next: store.nextOffsets()[partition]! }
      } finally {
        store.endRead()
      }
    },
    openCursor: (topic, partition) => createTopicCursor(topic, partition, topicOf(topic).opened().store, keyCache),
    watch: (topic, appended) => poller.watch(topic, appended),
  }

  const dropOld = async (): Promise<void> => {
    const limits = { retentionMs: options.retentionMs ?? 7 * 86_400_000, retentionBytes: options.retentionBytes ?? 8 * 1024 ** 3 }
    for (const topic of Object.keys(logTopics) as LogTopicName[]) {
      if (logTopics[topic].retention !== 'expire' || closing !== null) continue
      try {
        const dropped = await dropExpired(await topicOf(topic).open(), limits, clock.now(), () => closing === null)
        if (dropped > 0) logger.debug({ topic, blobs: dropped }, 'old records dropped')
      } catch (error) {
        logger.warn({ topic, error: String(error) }, 'retention could not drop old records; it tries again')
      }
    }
  }
  const retention = options.mode === 'owner' ? startRounds(dropOld, options.retentionEveryMs ?? 10_000) : null

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.close()))
    poller.close()
    await retention?.stop()
    // Each awaited, so that nothing native is under way when the process ends: `await close()`, then process.exit, is safe on both
    // runtimes. Exiting without it loses what was not acknowledged and nothing else.
    for (const topic of topics.values()) await topic.close()
  }

  return {
    async append(topic, records) {
      alive()
      return topicOf(topic).commit.append(records)
    },
    createParcel: (topic) => topicOf(topic).createParcel(),
    async consume(consume) {
      alive()
      await openAll(consume.topics)
      const consumer: LogConsumer = await startTailingConsumer(source, consume, () => consumers.delete(consumer))
      if (closing !== null) await consumer.close()
      else consumers.add(consumer)
      return consumer
    },
    async ranges(names) {
      alive()
      await openAll(names)
      return names.flatMap((topic) => Array.from({ length: logTopics[topic].partitions }, (_, partition) => source.range(topic, partition)))
    },
    read(topic, partition, from, to) {
      alive()
      if (!Number.isInteger(partition) || partition < 0 || partition >= logTopics[topic].partitions)
        throw new RangeError(`${topic} has no partition ${partition}`)
      return readRange(
        () =>
          topicOf(topic)
            .open()
            .then(() => source),
        topic,
        partition,
        from,
        to,
      )
    },
    stats() {
      const all: Record<string, number> = {}
      for (const [topic, { commit, conflicts }] of topics) {
        const { lost, locked } = conflicts()
        addCommitFigures(all, topic, commit, { conflictsLost: lost, conflictsLocked: locked })
      }
      return all
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}
