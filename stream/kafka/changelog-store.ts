import { LogUnavailable } from '../../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import { SealBroken, type Sealer } from '../../contracts/secrets.ts'
import { type StateStore, StateTaken } from '../../contracts/state-store.ts'
import { type ChangelogCodec, createChangelogCodec, type StateEntry } from './changelog-codec.ts'
import { createChangelogCopy } from './changelog-copy.ts'
import { createKeyProof } from './key-proof.ts'
import type { CommittedRecords, KafkaClient, KafkaTransactions, StateRecord } from './kafka-ports.ts'
import { failureOf } from './kafka-failure.ts'
import { lookInChangelog } from './look-in-changelog.ts'
import { changelogDeletionsKeptMs, changelogName } from './topic-plan.ts'
import type { Unopened } from './unopened.ts'
import { untilServed } from './until-served.ts'

export interface ChangelogStoreOptions {
  readonly client: KafkaClient
  /** Of the state's own key. */
  readonly sealer: Sealer
  /** This machine's copy: an lmdb store of its own. Closed with this one. */
  readonly local: StateStore
  readonly topicPrefix: string
  /** Whose state it is; the changelogs are named for it. */
  readonly group: string
  readonly logger: Logger
  readonly unopened: Unopened
  /** Whether the group still counts on this member: who is not sure must not claim anything. */
  readonly isMember: () => boolean
  readonly nowMs: () => number
  readonly steadyNowMs: () => number
  readonly giveUpMs: number
}

export interface ChangelogStore extends StateStore {
  /** Reads on in a partition that another has, so that taking it over is quick. Answers how many records came. */
  follow(partition: string): Promise<number>
  stats(): ChangelogFigures
}

export interface ChangelogFigures {
  readonly restores: number
  /** Of the last one: what came from the changelog, and how long that took. */
  readonly restoredRecords: number
  readonly restoredMs: number
  readonly writes: number
  readonly claims: number
}

const limits = { waitMsMax: 100, bytesMax: 8_388_608, partitionBytesMax: 8_388_608 }

const emptyAnswersMax = 3

const isLogTopic = (name: string): name is LogTopicName => Object.hasOwn(logTopics, name)

const decoded = (codec: ChangelogCodec, record: StateRecord): StateEntry | SealBroken => {
  try {
    return codec.decode(record)
  } catch (error) {
    if (error instanceof SealBroken) return error
    throw error
  }
}

interface Place {
  readonly topic: string
  readonly partition: number
  /** Of the topic. */
  readonly partitions: number
  readonly transactions: KafkaTransactions
  readonly codec: ChangelogCodec
  /** Claimed, and nothing has failed since. */
  ready: boolean
  taken: boolean
  /** Where the copy stands since a write here; null when the last thing here was a claim. */
  writtenTo: number | null
  /** Claims, writes and reading on, one after the other: they move the copy. */
  turn: Promise<unknown>
}

/**
 * Detector state that moves between machines: a compacted topic a source topic, partition by partition, and a local copy of it. A
 * checkpoint is one Kafka transaction, and in the copy one local transaction after that. Loading a partition claims its transactions'
 * name: whoever had it before (a member that was thought dead) is refused from then on and told `StateTaken`.
 */
export const createChangelogStore = (options: ChangelogStoreOptions): ChangelogStore => {
  const { client, sealer, local, topicPrefix, group, logger, unopened, isMember, nowMs, steadyNowMs, giveUpMs } = options
  const reader = client.openReader()
  // Half of what compaction keeps: a copy that is older may lack deletions.
  const copy = createChangelogCopy(local, nowMs, changelogDeletionsKeptMs / 2)
  const places = new Map<string, Place>()
  const figures = { restores: 0, restoredRecords: 0, restoredMs: 0, writes: 0, claims: 0 }
  let closed = false

  const served = <T>(what: string, ask: () => Promise<T>): Promise<T> =>
    untilServed(what, ask, { msMax: giveUpMs, steadyNowMs, ending: () => closed })

  const placeOf = (name: string): Place => {
    let here = places.get(name)
    if (here !== undefined) return here
    const at = name.lastIndexOf('/')
    const source = name.slice(0, at)
    const partition = Number(name.slice(at + 1))
    if (!isLogTopic(source) || !Number.isInteger(partition)) throw new RangeError(`a state partition is called TOPIC/NUMBER, not ${name}`)
    const topic = changelogName(topicPrefix, group, source)
    here = {
      topic,
      partition,
      partitions: logTopics[source].partitions,
      transactions: client.openTransactions(`${topic}/${partition}`),
      codec: createChangelogCodec(sealer, `${topic}/${partition}`),
      ready: false,
      taken: false,
      writtenTo: null,
      turn: Promise.resolve(),
    }
    places.set(name, here)
    return here
  }

  const inTurn = <T>(place: Place, work: () => Promise<T>): Promise<T> => {
    const mine = place.turn.then(work)
    place.turn = mine.catch(() => {})
    return mine
  }

  const claim = async (name: string, place: Place): Promise<void> => {
    if (!isMember())
      throw new LogUnavailable('broker-away', `the group has not heard of this member lately: the state of ${name} is not claimed`)
    figures.claims++
    await place.transactions.claim()
    place.ready = true
    place.taken = false
  }

  const proof = createKeyProof(({ topic, partitions }: Pick<Place, 'topic' | 'partitions'>) =>
    lookInChangelog({ topic, partitions, reader, sealer, served }),
  )

  /** The entries that open; those that do not are passed over. Rejects when nothing does. */
  const entriesOf = async (place: Place, { records, after }: CommittedRecords): Promise<readonly StateEntry[]> => {
    const { topic, partition, codec } = place
    const entries: StateEntry[] = []
    let broken: SealBroken | null = null
    let brokenRecords = 0
    for (const record of records) {
      const entry = decoded(codec, record)
      if (entry instanceof SealBroken) {
        broken = entry
        brokenRecords++
      } else entries.push(entry)
    }
    if (entries.length > 0) proof.opened()
    if (broken === null) return entries
    if (!(await proof.holds(place))) throw broken
    unopened.passed({ topic, partition, offset: after - 1, reason: broken.message, messages: brokenRecords })
    return entries
  }

  /** Applies what the changelog has behind the copy. */
  const readOn = async (name: string, place: Place): Promise<number> => {
    const { topic, partition } = place
    const ends = await served(`the changelog of ${name}`, async () => {
      await reader.prepare([topic])
      return (await reader.ends([{ topic, partition }]))[0]!
    })
    let at = await copy.place(name)
    // A transaction of this machine can be read a moment after it was acknowledged: the copy is ahead then, not another's.
    if (at > ends.next && at === place.writtenTo) return 0
    if (at > ends.next || (at > 0 && at < ends.earliest)) {
      logger.warn(
        { state: name, at, earliest: ends.earliest, next: ends.next },
        'the local copy of the state does not belong to this changelog: it is read anew',
      )
      await copy.clear(name)
      at = 0
    }
    at = Math.max(at, ends.earliest)
    let records = 0
    let emptyAnswers = 0
    while (at < ends.next && !closed) {
      const from = at
      let tries = 0
      const answer = await served(`reading the changelog of ${name}`, async () => {
        // Tried again: another may lead by now.
        if (tries++ > 0) await reader.prepare([topic])
        const leader = reader.leaderOf(topic, partition)
        if (leader === undefined) throw new Error(`nobody leads ${topic}/${partition} now`)
        return reader.fetchCommitted(leader, { topic, partition, offset: from }, limits)
      })
      // Compaction leaves batches without records, which kafkajs passes over: behind them there is nothing to come.
      if (answer.after === at && ++emptyAnswers < emptyAnswersMax) continue
      emptyAnswers = 0
      at = answer.after === at ? ends.next : answer.after
      records += answer.records.length
      await copy.write(name, await entriesOf(place, answer), at)
    }
    return records
  }

  const writeNow = async (name: string, place: Place, entries: readonly StateEntry[]): Promise<void> => {
    if (place.taken) throw new StateTaken(`the state of ${name} has another owner`)
    let next: number
    try {
      if (!place.ready) await claim(name, place)
      next = await place.transactions.write(
        place.topic,
        place.partition,
        entries.map((entry) => place.codec.encode(entry)),
      )
    } catch (error) {
      place.ready = false
      const failure = failureOf(error)
      if (failure.kind === 'taken') {
        place.taken = true
        throw new StateTaken(`the state of ${name} has another owner: ${failure.message}`, { cause: error })
      }
      throw error instanceof LogUnavailable
        ? error
        : new LogUnavailable(failure.kind === 'refused' ? 'io' : 'broker-away', failure.message, { cause: error })
    }
    figures.writes++
    await copy.write(name, entries, next)
    place.writtenTo = next
  }

  return {
    async *load(name) {
      const place = placeOf(name)
      const startedAtMs = steadyNowMs()
      figures.restoredRecords = await inTurn(place, async () => {
        place.ready = false
        // A claim waits for what was before it: from here on the changelog says where it ends.
        place.writtenTo = null
        await served(`claiming the state of ${name}`, () => claim(name, place))
        return readOn(name, place)
      })
      figures.restores++
      figures.restoredMs = Math.round(steadyNowMs() - startedAtMs)
      yield* copy.load(name)
    },
    async write(name, entries) {
      if (closed) throw new LogUnavailable('closed', 'the state store is closed')
      if (entries.length === 0) return
      const place = placeOf(name)
      await inTurn(place, () => writeNow(name, place, entries))
    },
    async follow(name) {
      const place = placeOf(name)
      return inTurn(place, () => readOn(name, place))
    },
    stats: () => figures,
    async close() {
      closed = true
      await Promise.all([...places.values()].map(({ transactions }) => transactions.close()))
      await reader.close().catch(() => {})
      await local.close()
    },
  }
}
