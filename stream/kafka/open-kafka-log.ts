import { type Clock, systemClock } from '../../contracts/clock.ts'
import { type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import type { Leadership } from '../../contracts/leadership.ts'
import { type LogTopicName, logTopics } from '../../contracts/log-topics.ts'
import { type Logger, silentLogger } from '../../contracts/logger.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { addCommitFigures } from '../commit-figures.ts'
import { createAppendedKeys } from '../appended-keys.ts'
import { createKeyCache } from '../record-batch.ts'
import { type BlobSeal, createBlobSeal } from './blob-seal.ts'
import { type ChangelogStore, createChangelogStore } from './changelog-store.ts'
import { createClockWatch } from './clock-watch.ts'
import { createFencedLanes } from './fenced-lanes.ts'
import { type GroupMember, startGroupConsumer } from './group-consumer.ts'
import { createKafkaClient } from './kafka-client.ts'
import { createKafkaLeadership } from './kafka-leadership.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { createKafkaTopic, type KafkaTopic } from './kafka-topic.ts'
import { createProducerLanes, type ProducerLanes } from './producer-lanes.ts'
import { createKeyProof } from './key-proof.ts'
import { lookForOpened } from './look-for-opened.ts'
import { createReadWatch } from './read-watch.ts'
import { createRangeReader, type RangeReader } from './range-reader.ts'
import { createUnopened } from './unopened.ts'
import { createUnopenedBlobs } from './unopened-blobs.ts'
import { createWriteWatch, type WriteWatch } from './write-watch.ts'
import { leaderGroup, leaderName } from './topic-plan.ts'

/** So many waiting bytes are sent at once. */
const commitBytesTarget = 1_048_576
/** Bytes that may wait for Kafka, per topic: above it `append` waits before it copies. */
const queueBytesMax = 134_217_728
/** Connections that write to a broker: partitions share them. */
const producers = 4

export interface KafkaLogOptions {
  readonly settings: KafkaSettings
  readonly sealer: Sealer
  readonly logger?: Logger
  /** This machine's, which is held against the brokers'. Default: the system's. */
  readonly clock?: Clock
  /** Put before the names of topics and groups. Default: nothing. */
  readonly topicPrefix?: string
  /** The longest that an append waits for company before it is sent. Default 10. */
  readonly lingerMsMax?: number
  /** After so long without an answer, appends that are certain not to be in the log are refused with 'broker-away'. Default 10 s. */
  readonly giveUpMs?: number
  /** A member that is not heard of for so long loses its partitions. Default 10 s. */
  readonly sessionMs?: number
  /** How long a rebalance waits for members to give back what they have. Default 60 s. */
  readonly rebalanceMs?: number
  /** How often a consumer's place is told to Kafka, for its tools. Default 5 s. */
  readonly commitEveryMs?: number
  /** What a reason of the brokers means, for those who ask for the log's trouble. Default: as it is. */
  readonly explain?: (reason: string) => string
}

export interface KafkaLog extends EventLog {
  /** Where a group of this log keeps its state, so that it moves with the partitions. `local` is this machine's copy, closed with it. */
  openStateStore(of: {
    readonly group: string
    readonly sealer: Sealer
    readonly local: StateStore
    readonly nowMs: () => number
  }): ChangelogStore
  /** Stands for the lead of the desks on this log. @param node this machine's name */
  openLeadership(of: { readonly node: string; readonly newId: () => string; readonly nowMs: () => number }): Leadership
}

/**
 * The event log on Apache Kafka. Its topics must be there (`topic-admin.ts`); nothing is connected before it is needed.
 *
 * A record is durable when `min.insync.replicas` brokers have it (acks=all, idempotent producer). An append that was sent and not answered
 * stays pending until Kafka answers, however long that takes: it may be in the log, and telling otherwise would double it.
 *
 * Memory: at most `queueBytesMax` a topic wait to be written; a consumer holds up to 3 MiB a partition ahead of its handler and one
 * answer of 8 MiB a broker.
 */
export const openKafkaLog = (options: KafkaLogOptions): KafkaLog => {
  const { settings, sealer, topicPrefix = '', giveUpMs = 10_000 } = options
  const logger = options.logger ?? silentLogger
  const explained = (reason: string | null): string | null => (reason === null ? null : (options.explain?.(reason) ?? reason))
  const steadyNowMs = (): number => performance.now()
  const client = createKafkaClient(settings, logger)
  const clockWatch = createClockWatch(logger, steadyNowMs)
  const lanes = createProducerLanes({ client, sharedProducers: producers, clock: options.clock ?? systemClock, clockWatch })
  const watch = createWriteWatch(logger, steadyNowMs)
  /** Who writes it tells when that fails, and nothing else suffers. */
  const asideWatch = createWriteWatch(silentLogger, steadyNowMs)
  const reads = createReadWatch(logger, steadyNowMs)
  const appendedKeys = createAppendedKeys()
  const keys = createKeyCache()
  const topics = new Map<LogTopicName, KafkaTopic>()
  const consumers = new Set<LogConsumer>()
  const seals = new Map<string, BlobSeal>()
  const members = new Map<string, GroupMember>()
  let closing: Promise<void> | null = null

  const nameOf = (topic: LogTopicName): string => `${topicPrefix}${topic}`
  const sealOf = (topic: LogTopicName, partition: number): BlobSeal => {
    const place = `${topic}/${partition}`
    let seal = seals.get(place)
    if (seal === undefined) {
      seal = createBlobSeal(sealer, nameOf(topic), partition)
      seals.set(place, seal)
    }
    return seal
  }
  const unopened = createUnopened(logger, steadyNowMs)
  const unopenedBlobs = createUnopenedBlobs(
    createKeyProof((asked: LogTopicName) => lookForOpened(asked, { nameOf, sealOf, openReader })),
    unopened,
  )
  const openReader = (): RangeReader => createRangeReader({ client, nameOf, sealOf, keys, unopened: unopenedBlobs, giveUpMs, steadyNowMs })
  const ranges = openReader()

  const alive = (): void => {
    if (closing !== null) throw new LogUnavailable('closed', 'the log is closed')
  }
  const openTopic = (topic: LogTopicName, ways: ProducerLanes, watched: WriteWatch): KafkaTopic =>
    createKafkaTopic({
      topic,
      name: nameOf(topic),
      lanes: ways,
      sealer,
      keys: appendedKeys,
      watch: watched.of(nameOf(topic)),
      lingerMsMax: options.lingerMsMax ?? 10,
      commitBytesTarget,
      queueBytesMax,
      giveUpMs,
      closeMsMax: Math.min(giveUpMs, 3_000),
      steadyNowMs,
    })
  const topicOf = (topic: LogTopicName): KafkaTopic => {
    let here = topics.get(topic)
    if (here === undefined) {
      here = openTopic(topic, lanes, topic === 'machines.v1' ? asideWatch : watch)
      topics.set(topic, here)
    }
    return here
  }

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.close()))
    await Promise.all([...topics.values()].map((topic) => topic.close()))
    await Promise.all([lanes.close(), ranges.close()])
  }

  const log: KafkaLog = {
    async append(topic, records) {
      alive()
      return topicOf(topic).commit.append(records)
    },
    createParcel: (topic) => topicOf(topic).createParcel(),
    async consume(consume) {
      alive()
      let started: LogConsumer | null = null
      const consumer = await startGroupConsumer({
        client,
        consume,
        group: `${topicPrefix}${consume.group}`,
        nameOf,
        sealOf,
        keys,
        unopened: unopenedBlobs,
        logger,
        sessionMs: options.sessionMs ?? 10_000,
        rebalanceMs: options.rebalanceMs ?? 60_000,
        commitEveryMs: options.commitEveryMs ?? 5_000,
        joinMsMax: giveUpMs + (options.rebalanceMs ?? 60_000),
        steadyNowMs,
        troubles: reads.open(),
        onMember: (member) => members.set(consume.group, member),
        onClosed: () => started !== null && consumers.delete(started),
      })
      started = consumer
      if (closing !== null) await consumer.close()
      else consumers.add(consumer)
      return consumer
    },
    async ranges(names) {
      alive()
      return ranges.ranges(names)
    },
    read(topic, partition, from, to) {
      alive()
      if (!Number.isInteger(partition) || partition < 0 || partition >= logTopics[topic].partitions)
        throw new RangeError(`${topic} has no partition ${partition}`)
      return ranges.read(topic, partition, from, to)
    },
    openStateStore: ({ group, sealer: stateSealer, local, nowMs }) =>
      createChangelogStore({
        client,
        sealer: stateSealer,
        local,
        topicPrefix,
        group,
        logger,
        unopened,
        isMember: () => members.get(group)?.isMember() ?? false,
        nowMs,
        steadyNowMs,
        giveUpMs,
      }),
    openLeadership({ node, newId, nowMs }) {
      // Its own: that this desk may not write does not mean that Kafka is away.
      const leaderWatch = createWriteWatch(logger, steadyNowMs)
      return createKafkaLeadership({
        log,
        openLanes: (mayClaimAgain) =>
          createFencedLanes({
            transactions: client.openTransactions(leaderName(topicPrefix)),
            mayClaimAgain,
            ends: ranges.ends,
            fetchFrom: ranges.fetchFrom,
          }),
        openTopic: (topic, ways) => openTopic(topic, ways, leaderWatch),
        member: () => members.get(leaderGroup),
        node,
        newId,
        nowMs,
        steadyNowMs,
        giveUpMs,
        watch: { awayMs: () => leaderWatch.awayMs(), trouble: () => explained(leaderWatch.trouble()) },
        logger,
      })
    },
    stats() {
      const all: Record<string, number> = {
        brokerAwayMs: Math.round(watch.awayMs()),
        readAwayMs: Math.round(reads.awayMs()),
        unopened: unopened.total(),
        clockAheadMs: Math.max(0, clockWatch.aheadMs()),
        clockBehindMs: Math.max(0, -clockWatch.aheadMs()),
        consumers: consumers.size,
      }
      for (const [topic, { commit }] of topics) addCommitFigures(all, topic, commit)
      return all
    },
    trouble: () => explained(reads.trouble() ?? watch.trouble()),
    close() {
      closing ??= close()
      return closing
    },
  }
  return log
}
