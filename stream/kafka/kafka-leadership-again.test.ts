import { expect, it } from 'vitest'
import type { ConsumeOptions, EventLog } from '../../contracts/event-log.ts'
import type { LeadTaken } from '../../contracts/leadership.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { FencedLanes } from './fenced-lanes.ts'
import { createKafkaLeadership } from './kafka-leadership.ts'
import type { KafkaTopic } from './kafka-topic.ts'
import { leaderGroup } from './topic-plan.ts'

const term = (name: string, node: string): LeadTaken => ({ term: name, node, url: 'https://desk', authority: 'AA', at: 1 })

/** A desk that leads on a log where others have led before it; `leaders.v1` is read when the test says so. */
const lead = async (before: readonly LeadTaken[]) => {
  const written = before.map((taken) => Buffer.from(JSON.stringify(taken)))
  const batch = (from: number) => ({
    topic: 'leaders.v1' as const,
    partition: 0,
    records: written.slice(from).map((value, i) => ({ offset: from + i, key: 'desk', value })),
    nextOffset: written.length,
    endOffset: written.length,
  })
  let follower: ConsumeOptions | null = null
  const log: Pick<EventLog, 'consume' | 'ranges' | 'read' | 'append' | 'stats'> = {
    async consume(options) {
      if (options.group === leaderGroup) await options.onAssigned([{ topic: 'leaders.v1', partition: 0 }])
      else follower = options
      return { failed: new Promise(() => {}), close: async () => {} }
    },
    ranges: async () => [{ topic: 'leaders.v1', partition: 0, earliest: 0, next: written.length }],
    async *read() {
      if (written.length > 0) yield batch(0)
    },
    append: async () => {},
    stats: () => ({}),
  }
  const leadership = createKafkaLeadership({
    log: log as EventLog,
    openLanes: () => ({ claim: async () => {}, close: async () => {} }) as unknown as FencedLanes,
    openTopic: () =>
      ({
        commit: {
          append: async (records: readonly { value: Uint8Array }[]) => void written.push(...records.map(({ value }) => Buffer.from(value))),
          stats: () => ({ commits: 0 }),
        },
        close: async () => {},
      }) as unknown as KafkaTopic,
    member: () => ({ isMember: () => true, unheardMs: () => 0, whenMember: async () => {} }),
    node: 'desk-1',
    newId: () => 'mine',
    nowMs: () => 2,
    steadyNowMs: () => 0,
    giveUpMs: 1_000,
    watch: { awayMs: () => 0, trouble: () => null },
    logger: silentLogger,
  })
  let failed: unknown = null
  leadership.failed.catch((error: unknown) => (failed = error))
  await leadership.campaign({ url: 'https://desk', authority: 'AA', onElected: async () => {} })
  return {
    leadership,
    failed: () => failed,
    write: (taken: LeadTaken) => void written.push(Buffer.from(JSON.stringify(taken))),
    /** Its reader of `leaders.v1` is given the partition, as after each rebalance, and reads to the end. */
    async readOn() {
      const [from] = await follower!.onAssigned([{ topic: 'leaders.v1', partition: 0 }])
      const at = from === 'earliest' ? 0 : (from as number)
      if (at < written.length) await follower!.onBatch(batch(at))
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

it('a desk whose reader lost its membership and has it again still leads, though others led before it', async () => {
  const { leadership, failed, readOn } = await lead([term('first', 'desk-1'), term('second', 'desk-2')])
  await readOn()
  expect(leadership.leads).toBe(true)
  const { takeOvers } = leadership.stats()
  for (let again = 0; again < 3; again++) await readOn()
  expect(failed()).toBeNull()
  expect(leadership.leads).toBe(true)
  expect(leadership.stats()['takeOvers']).toBe(takeOvers)
})

it('one that came behind it while its reader was away has the lead', async () => {
  const { leadership, failed, readOn, write } = await lead([term('first', 'desk-1')])
  await readOn()
  write(term('third', 'desk-3'))
  await readOn()
  expect(leadership.leads).toBe(false)
  expect(String(failed())).toContain('desk-3 has taken the lead')
})
