import { type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import { type Leadership, LeadRefused, type LeadTaken, leadTaken } from '../../contracts/leadership.ts'
import { ledTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import { addCommitFigures } from '../commit-figures.ts'
import type { FencedLanes, FencedLanesOptions } from './fenced-lanes.ts'
import type { GroupMember } from './group-consumer.ts'
import type { KafkaFailure } from './kafka-failure.ts'
import type { KafkaTopic } from './kafka-topic.ts'
import { leaderGroup } from './topic-plan.ts'
import { untilServed } from './until-served.ts'
import type { WriteWatch } from './write-watch.ts'

export interface KafkaLeadershipOptions {
  readonly log: EventLog
  readonly openLanes: (mayClaimAgain: FencedLanesOptions['mayClaimAgain']) => FencedLanes
  readonly openTopic: (topic: LogTopicName, lanes: FencedLanes) => KafkaTopic
  /** This process in the group that chooses. */
  readonly member: () => GroupMember | undefined
  /** This desk's name among the machines; its own group, by which it reads who leads, is called by it. */
  readonly node: string
  readonly newId: () => string
  readonly nowMs: () => number
  readonly steadyNowMs: () => number
  readonly giveUpMs: number
  /** Whether what it writes is taken. */
  readonly watch: Pick<WriteWatch, 'awayMs' | 'trouble'>
  readonly logger: Logger
}

const topic = 'leaders.v1'
const led: ReadonlySet<LogTopicName> = new Set(ledTopics)

const takenOf = (value: Uint8Array): LeadTaken => leadTaken.parse(JSON.parse(Buffer.from(value).toString('utf8')))

const sameAuthority = (last: LeadTaken | null, authority: string): void => {
  if (last === null || last.authority === authority) return
  throw new LeadRefused(
    `the desk that led last (${last.node}) has another CA: give this one the same master key and the same identity.sealed`,
  )
}

/**
 * A group with one partition chooses who leads; the transactional name that the led topics are written under keeps it true. Who is chosen
 * claims the name (from then on the brokers refuse whoever had it, a process that was frozen or cut off among them), tells so in `leaders.v1`,
 * reads what is in the log, and leads. Who reads there that another has come after it is deposed, and its process begins anew.
 */
export const createKafkaLeadership = (options: KafkaLeadershipOptions): Leadership => {
  const { log, member, node, newId, nowMs, steadyNowMs, giveUpMs, watch: writeWatch, logger } = options
  let leads = false
  /** Of this process, once it has told. */
  let mine: string | null = null
  /** The last one's, when this process claimed the name. */
  let before: string | null = null
  let claimed = false
  /** This process has read its own. */
  let passedMine = false
  let holds = false
  let deposed: string | null = null
  let leader: LeadTaken | null = null
  let takeOvers = 0
  let closing: Promise<void> | null = null
  let waiting: (() => void)[] = []
  const consumers: LogConsumer[] = []
  const failed = Promise.withResolvers<void>()
  failed.promise.catch(() => {})

  const isCertain = (): boolean => holds && member()?.isMember() === true

  const depose = (reason: string): void => {
    if (deposed !== null || closing !== null) return
    deposed = reason
    leads = false
    failed.reject(new Error(`this desk no longer leads: ${reason}`))
  }

  const lastTaken = async (): Promise<LeadTaken | null> => {
    const [range] = await log.ranges([topic])
    let last: LeadTaken | null = null
    for await (const { records } of log.read(topic, 0, range!.earliest, range!.next)) last = takenOf(records.at(-1)!.value)
    return last
  }

  const mayClaimAgain = async (): Promise<KafkaFailure | null> => {
    if (deposed !== null) return { kind: 'taken', message: deposed }
    if (!isCertain()) return { kind: 'away', message: 'the group has not heard of this desk lately: it does not write' }
    const last = await lastTaken()
    if (last === null || last.term === mine || last.term === before) return null
    const reason = `${last.node} has taken the lead`
    depose(reason)
    return { kind: 'taken', message: reason }
  }
  const lanes = options.openLanes(mayClaimAgain)
  // All of them before the first claim, which notes where each ends.
  const topics = new Map(ledTopics.map((name): [LogTopicName, KafkaTopic] => [name, options.openTopic(name, lanes)]))

  const told = (taken: LeadTaken): void => {
    if (leader?.term !== taken.term) takeOvers++
    leader = taken
    // What stands before its own is over; whoever comes behind it has the lead.
    if (taken.term === mine) passedMine = true
    else if (passedMine) depose(`${taken.node} has taken the lead`)
  }

  const elect = async ({ url, authority, onElected }: Parameters<Leadership['campaign']>[0]): Promise<void> => {
    const served = <T>(what: string, ask: () => Promise<T>): Promise<T> =>
      untilServed(what, ask, { msMax: giveUpMs, steadyNowMs, ending: () => closing !== null })
    if (member()?.isMember() !== true)
      throw new LogUnavailable('broker-away', 'the group has not heard of this desk lately: it does not take the lead')
    await served('claiming the lead', () => lanes.claim())
    const last = await lastTaken()
    before = last?.term ?? null
    sameAuthority(last, authority)
    const taken: LeadTaken = { term: newId(), node, url, authority, at: nowMs() }
    mine = taken.term
    claimed = true
    await append(topic, [{ key: 'desk', value: Buffer.from(JSON.stringify(taken)) }])
    logger.info({ node, term: mine }, 'this desk takes the lead')
    await onElected()
    leads = true
    logger.info({ node, term: mine }, 'this desk leads')
  }

  const append: EventLog['append'] = async (name, records) => {
    if (!led.has(name)) return log.append(name, records)
    if (!claimed || deposed !== null) throw new LogUnavailable('not-leading', deposed ?? 'another desk leads, or none does yet')
    return topics.get(name)!.commit.append(records)
  }

  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }

  const watch = (consumer: LogConsumer): void => {
    consumers.push(consumer)
    consumer.failed.catch((error: unknown) => failed.reject(error))
  }

  return {
    log: {
      ...log,
      append,
      stats() {
        const all = { ...log.stats() }
        all['brokerAwayMs'] = Math.max(all['brokerAwayMs'] ?? 0, Math.round(writeWatch.awayMs()))
        for (const [name, { commit }] of topics) if (commit.stats().commits > 0) addCommitFigures(all, name, commit)
        return all
      },
      trouble: () => log.trouble?.() ?? writeWatch.trouble(),
      createParcel: (name) => (led.has(name) ? topics.get(name)!.createParcel() : log.createParcel!(name)),
    },
    get leads() {
      return leads
    },
    leader: () => leader,
    async campaign(as) {
      sameAuthority(await lastTaken(), as.authority)
      let next: number | null = null
      watch(
        await log.consume({
          topics: [topic],
          group: `desk-${node}-${newId()}`,
          // After a rebalance it goes on where it was: a term of long ago is not one that comes behind its own.
          onAssigned: async (partitions) => partitions.map(() => next ?? 'earliest'),
          onBatch: async ({ records, nextOffset }) => {
            for (const { value } of records) told(takenOf(value))
            next = nextOffset
          },
          onGap: ({ to }) => void (next = to),
        }),
      )
      watch(
        await log.consume({
          topics: [topic],
          group: leaderGroup,
          async onAssigned(partitions) {
            holds = true
            // Given back and taken again: others have come or gone.
            if (mine === null) await elect(as)
            wake()
            return partitions.map(() => 'latest')
          },
          onRevoked: async () => {
            holds = false
          },
          onBatch: async () => {},
        }),
      )
    },
    async sure() {
      for (;;) {
        await member()?.whenMember()
        if (deposed === null && leads && isCertain()) return
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    failed: failed.promise,
    stats() {
      // One that is cut off hears of no successor. What it writes is fenced in any case; what it tells of itself is not.
      const unheardMs = leads ? Math.round(member()?.unheardMs() ?? 0) : 0
      return { leads: leads && unheardMs === 0 ? 1 : 0, unheardMs, takeOvers }
    },
    close() {
      closing ??= (async () => {
        leads = false
        await Promise.all([...topics.values()].map((one) => one.close()))
        // The next one is chosen at once, and finds nothing of this one under way.
        await Promise.all(consumers.map((consumer) => consumer.close()))
        await lanes.close()
        failed.resolve()
      })()
      return closing
    },
  }
}
