import { type ConsumeOptions, type LogConsumer, LogUnavailable, type StartPosition } from '../../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { KeyCache } from '../record-batch.ts'
import { batchRecordsMaxDefault } from '../tailing-consumer.ts'
import { blobOf, firstOffsetOf } from './blob-offset.ts'
import type { BlobSeal } from './blob-seal.ts'
import { createFetchLoop } from './fetch-loop.ts'
import type { KafkaClient, KafkaMembership, KafkaReader, PartitionEnds } from './kafka-ports.ts'
import { failureOf } from './kafka-failure.ts'
import { createLease } from './lease.ts'
import { type PartitionLoop, startPartitionLoop } from './partition-loop.ts'
import type { UnopenedBlobs } from './unopened-blobs.ts'
import { untilServed } from './until-served.ts'
import type { ReadTroubles } from './read-watch.ts'
import { within } from './within.ts'

export interface GroupConsumerOptions {
  readonly client: KafkaClient
  readonly consume: ConsumeOptions
  /** The group's and the topics' names in Kafka. */
  readonly group: string
  readonly nameOf: (topic: LogTopicName) => string
  readonly sealOf: (topic: LogTopicName, partition: number) => BlobSeal
  readonly keys: KeyCache
  readonly unopened: UnopenedBlobs
  readonly logger: Logger
  readonly sessionMs: number
  readonly rebalanceMs: number
  readonly commitEveryMs: number
  /** So long it tries to become a member at first. */
  readonly joinMsMax: number
  readonly steadyNowMs: () => number
  /** Closed with it. */
  readonly troubles: ReadTroubles
  /** Told before the first assignment, for who restores in it. */
  readonly onMember: (member: GroupMember) => void
  readonly onClosed: () => void
}

/** Whether the group has heard of this member within its session. */
export interface GroupMember {
  isMember(): boolean
  /** Since the group heard of it last, ms; 0 while it counts on it. */
  unheardMs(): number
  /** Resolves when it is; not once it is closed. */
  whenMember(): Promise<void>
}

interface Assigned {
  readonly topic: LogTopicName
  readonly partition: number
}

const closeCommitMsMax = 2_000
const becomeAgainMs = 500
/** A rebalance waits for its slowest member: until then no trouble. */
const unheardSessionsTold = 3
const asMember = 'membership'

/**
 * A member of a Kafka group that reads its partitions by itself. kafkajs holds the membership (joining, heartbeats, commits under the
 * generation); the data comes by our own fetches, from where `onAssigned` says. So nothing is read before it has answered,
 * heartbeats go on however long it takes, nothing has to be resumed after a rebalance, and each error of a fetch is seen.
 *
 * A rebalance: the handlers that run are waited for, `onRevoked` is awaited, and only then the member joins again: the next owner restores
 * what this one has written. Offsets are committed so that Kafka's tools show the lag, and to learn of a fence; where to start is
 * for the caller to know.
 */
export const startGroupConsumer = async (options: GroupConsumerOptions): Promise<LogConsumer> => {
  const { client, consume, group, nameOf, sealOf, keys, unopened, logger, sessionMs, steadyNowMs, troubles, onClosed } = options
  const recordsMax = consume.batchRecordsMax ?? batchRecordsMaxDefault
  if (!Number.isInteger(recordsMax) || recordsMax < 1) throw new RangeError(`batchRecordsMax is an integer from 1 on, not ${recordsMax}`)
  const topicOf = new Map(consume.topics.map((topic) => [nameOf(topic), topic]))
  const reader: KafkaReader = client.openReader()
  const fetches = createFetchLoop({ reader, troubles })
  const lease = createLease(sessionMs, steadyNowMs)
  const loops = new Map<string, Assigned & { readonly loop: PartitionLoop; committed: number }>()
  const joined = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<void>()
  // Watched by whoever consumes, once `startGroupConsumer` has answered.
  failed.promise.catch(() => {})
  let everJoined = false
  /** Why it is no member now. */
  let trouble: string | null = null
  let ending = false
  let closing: Promise<void> | null = null
  let commitTimer: ReturnType<typeof setInterval> | undefined
  let beginTimer: ReturnType<typeof setTimeout> | undefined
  let unheardTimer: ReturnType<typeof setInterval> | undefined
  /** Gains and losses of partitions, one after the other. */
  let turn: Promise<void> = Promise.resolve()
  /** Of those, not over yet. */
  let turns = 0
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turns++
    turn = turn.then(work).finally(() => turns--)
    return turn
  }

  const isMember = (): boolean => !ending && lease.valid()
  options.onMember({ isMember, unheardMs: () => lease.unheardMs(), whenMember: () => lease.whenHeard() })

  const fail = (error: unknown): void => {
    if (ending) return
    if (everJoined) failed.reject(error)
    else joined.reject(error)
    void shut()
  }

  const commit = async (): Promise<void> => {
    const moved = [...loops.values()].filter(({ loop, committed }) => blobOf(loop.position()) > committed)
    // A membership that is being got back has no generation to commit under: kafkajs says that its group was not initialized.
    if (moved.length === 0 || !lease.valid() || trouble !== null) return
    const offsets = moved.map(({ topic, partition, loop }) => ({ topic: nameOf(topic), partition, offset: blobOf(loop.position()) }))
    try {
      await membership?.commit(offsets)
      for (const [i, one] of moved.entries()) one.committed = offsets[i]!.offset
    } catch (error) {
      const failure = failureOf(error)
      if (failure.kind === 'refused')
        fail(new LogUnavailable('io', `Kafka refuses a commit of ${group}: ${failure.message}`, { cause: error }))
      else
        logger.warn(
          { group, reason: failure.message },
          failure.kind === 'fenced' ? 'the group has gone on without this member' : 'a commit failed',
        )
    }
  }

  const stopLoops = async (): Promise<readonly Assigned[]> => {
    const stopped = [...loops.values()]
    const stops = stopped.map(({ loop }) => loop.stop())
    lease.end()
    await Promise.all(stops)
    return stopped.map(({ topic, partition }) => ({ topic, partition }))
  }

  const giveBack = async (): Promise<void> => {
    if (loops.size === 0) return
    if (!ending) consume.onRevoking?.()
    const revoked = await stopLoops()
    await within(closeCommitMsMax, commit())
    loops.clear()
    if (!ending) await consume.onRevoked?.(revoked)
  }

  /** As long as it takes: a member that has its partitions waits for the brokers. */
  const endsOf = (name: string, partition: number): Promise<PartitionEnds> =>
    untilServed(
      `where ${name}/${partition} begins and ends`,
      async () => {
        await reader.prepare([...topicOf.keys()])
        return (await reader.ends([{ topic: name, partition }]))[0]!
      },
      { msMax: Infinity, steadyNowMs, ending: () => ending },
    )

  const startOf = async (name: string, partition: number, position: StartPosition): Promise<number> => {
    if (typeof position === 'number') return position
    const { earliest, next } = await endsOf(name, partition)
    return firstOffsetOf(position === 'earliest' ? earliest : next)
  }

  const takeOn = async (assigned: readonly Assigned[]): Promise<void> => {
    if (ending) return
    lease.revive()
    if (assigned.length > 0) {
      const positions = await consume.onAssigned(assigned)
      if (positions.length !== assigned.length)
        throw new RangeError(`onAssigned was given ${assigned.length} partitions and answered ${positions.length} positions`)
      await untilServed('who leads the partitions', () => reader.prepare([...topicOf.keys()]), {
        msMax: Infinity,
        steadyNowMs,
        ending: () => ending,
      })
      const starts = await Promise.all(assigned.map(({ topic, partition }, i) => startOf(nameOf(topic), partition, positions[i]!)))
      for (const [i, { topic, partition }] of assigned.entries()) {
        const name = nameOf(topic)
        const loop = startPartitionLoop({
          topic,
          name,
          partition,
          start: starts[i]!,
          recordsMax,
          consume,
          fetches,
          seal: sealOf(topic, partition),
          keys,
          unopened,
          ends: () => endsOf(name, partition),
          mayHandle: () => lease.whenValid(),
        })
        loops.set(`${topic}/${partition}`, { topic, partition, loop, committed: -1 })
        loop.ended.catch(fail)
      }
    }
    everJoined = true
    joined.resolve()
  }

  // Until the first assignment; restoring may take as long as it takes.
  const tooLong = setTimeout(
    () =>
      fail(
        new LogUnavailable(
          'broker-away',
          `${group} could not become a member for ${[...topicOf.keys()].join(', ')} in ${options.joinMsMax} ms: ${trouble ?? 'no answer'}`,
        ),
      ),
    options.joinMsMax,
  )
  const become = (): KafkaMembership =>
    client.join({
      group,
      topics: [...topicOf.keys()],
      sessionMs,
      rebalanceMs: options.rebalanceMs,
      onJoining: () => inTurn(giveBack).catch(fail),
      onJoined(all) {
        clearTimeout(tooLong)
        if (everJoined && trouble !== null) logger.info({ group, partitions: all.length }, 'a member of its group again')
        trouble = null
        troubles.over(asMember)
        const assigned = all.flatMap(({ topic: name, partition }) => {
          const topic = topicOf.get(name)
          // One beyond those that are planned was added by somebody, and nobody writes it.
          return topic === undefined || partition >= logTopics[topic].partitions ? [] : [{ topic, partition }]
        })
        inTurn(() => takeOn(assigned)).catch(fail)
      },
      onContact: (agoMs) => lease.renew(agoMs),
      onForgotten: () => lease.lose(),
      onTrouble(failure, final) {
        if (ending) return
        if (everJoined && trouble === null)
          logger.warn({ group, reason: failure.message }, 'the membership of a group was lost; trying to get it back')
        trouble = failure.message
        troubles.failed(asMember, failure.message)
        if (failure.kind === 'refused') fail(new LogUnavailable('io', `${group} can't be a member: ${failure.message}`))
        else if (final) begin(becomeAgainMs)
      },
    })
  let membership: KafkaMembership | undefined

  /** kafkajs gives up on errors that it does not know as passing ones: then another consumer takes its place. */
  const begin = (afterMs: number): void => {
    clearTimeout(beginTimer)
    beginTimer = setTimeout(() => {
      if (ending) return
      const before = membership
      membership = become()
      void before?.close().catch(() => {})
      membership.start().catch((error: unknown) => {
        const failure = failureOf(error)
        if (failure.kind === 'refused') fail(new LogUnavailable('io', `${group}: Kafka refuses: ${failure.message}`, { cause: error }))
        else if (!ending) {
          trouble = failure.message
          begin(becomeAgainMs)
        }
      })
    }, afterMs)
  }

  /** Whatever holds a membership up: what nothing is heard of, and nothing told, is noticed and begun anew. A frozen process counts from when it wakes. */
  const watchUnheard = (): void => {
    const everyMs = sessionMs / 4
    let unheardMs = 0
    unheardTimer = setInterval(() => {
      // While it takes on or gives back, its group waits for it: another membership would wait, too.
      unheardMs = lease.valid() || turns > 0 ? 0 : unheardMs + everyMs
      if (lease.valid() && trouble === null) troubles.over(asMember)
      if (unheardMs < unheardSessionsTold * sessionMs) return
      const why = `the group has not heard of this member for ${Math.round(lease.unheardMs() / 1_000)} s`
      troubles.failed(asMember, why)
      if (unheardMs < options.rebalanceMs + 2 * sessionMs) return
      logger.warn({ group, reason: trouble ?? why }, 'a membership stands still; another takes its place')
      trouble ??= why
      unheardMs = 0
      begin(0)
    }, everyMs)
  }

  const shut = (): Promise<void> => {
    closing ??= (async () => {
      ending = true
      clearInterval(commitTimer)
      clearTimeout(beginTimer)
      clearInterval(unheardTimer)
      // A gain under way sees `ending`; a handler that runs is waited for.
      turn = turn.catch(() => {})
      // In its turn: a rebalance meanwhile waits for it, or what is still written would be another's by then.
      await inTurn(async () => {
        await giveBack().catch(() => {})
        await consume.onLeaving?.().catch(() => {})
      })
      await Promise.all([membership?.close(), fetches.close().then(() => reader.close())])
      troubles.close()
      onClosed()
      failed.resolve()
    })()
    return closing
  }

  try {
    begin(0)
    await joined.promise
  } catch (error) {
    await shut()
    throw error
  } finally {
    clearTimeout(tooLong)
  }
  if (!ending) {
    commitTimer = setInterval(() => void commit(), options.commitEveryMs)
    watchUnheard()
  }
  return { failed: failed.promise, isCertain: () => lease.valid(), whenCertain: () => lease.whenHeard(), close: shut }
}
