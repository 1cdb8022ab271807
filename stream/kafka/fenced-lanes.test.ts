import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFencedLanes } from './fenced-lanes.ts'
import type { KafkaFailure } from './kafka-failure.ts'
import type { KafkaTransactions } from './kafka-ports.ts'

/** How a transaction ends: as it should; not sent; unanswered and undone by the next claim; unanswered and committed. */
type Fate = 'well' | 'unsent' | 'undone' | 'done'

/** A broker that keeps what is committed; markers take an offset, as Kafka's do. */
const createBroker = (fates: Fate[]) => {
  const logs = new Map<string, (Buffer | 'marker')[]>()
  const logOf = (topic: string, partition: number): (Buffer | 'marker')[] => {
    const name = `${topic}/${partition}`
    const log = logs.get(name) ?? []
    logs.set(name, log)
    return log
  }
  let claims = 0
  const away: KafkaFailure = { kind: 'away', message: 'no answer' }
  const transactions: KafkaTransactions = {
    async claim() {
      claims++
    },
    write: () => Promise.reject(new Error('not of the lanes')),
    async writeBlobs(parts) {
      const fate = fates.shift() ?? 'well'
      if (fate === 'unsent') return { ok: false, maybeWritten: false, failure: away }
      if (fate !== 'undone') for (const { topic, partition, values } of parts) logOf(topic, partition).push(...values, 'marker')
      if (fate !== 'well') return { ok: false, maybeWritten: true, failure: away }
      return { ok: true, nexts: parts.map(({ topic, partition }) => logOf(topic, partition).length - 1) }
    },
    close: async () => {},
  }
  return {
    transactions,
    claims: () => claims,
    valuesOf: (topic: string, partition: number) =>
      logOf(topic, partition).flatMap((value) => (value === 'marker' ? [] : [value.toString()])),
    ends: async (parts: readonly { readonly topic: string; readonly partition: number }[]) =>
      parts.map(({ topic, partition }) => ({ topic, partition, earliest: 0, next: logOf(topic, partition).length })),
    // Two offsets an answer: a look has to go on.
    async fetchFrom(topic: string, partition: number, offset: number) {
      const log = logOf(topic, partition)
      const messages = log.slice(offset, offset + 2).flatMap((value, i) => (value === 'marker' ? [] : [{ offset: offset + i, value }]))
      return { topic, partition, after: offset + 2, end: log.length, messages }
    },
  }
}

const lanesOn = (broker: ReturnType<typeof createBroker>, mayClaimAgain = async (): Promise<KafkaFailure | null> => null) =>
  createFencedLanes({ transactions: broker.transactions, mayClaimAgain, ends: broker.ends, fetchFrom: broker.fetchFrom })

it('whatever becomes of transactions, what is tried until it is answered is in the log once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<Fate>('well', 'unsent', 'undone', 'done'), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 }),
      async (fates, batches) => {
        const broker = createBroker([...fates])
        const lanes = lanesOn(broker)
        const of = [0, 1].map((partition) => lanes.lane('cases.v1', partition))
        await lanes.claim()
        const written = await Promise.all(
          of.map(async (lane, partition) => {
            const all: string[] = []
            for (const [n, size] of batches.entries()) {
              const values = Array.from({ length: size }, (_, i) => Buffer.from(`${partition} ${n} ${i}`))
              while (!(await lane.send(values)).ok) continue
              all.push(...values.map(String))
            }
            return all
          }),
        )
        expect([0, 1].map((partition) => broker.valuesOf('cases.v1', partition))).toEqual(written)
      },
    ),
  )
})

it('nothing is written before the first claim', async () => {
  const broker = createBroker([])
  const lane = lanesOn(broker).lane('cases.v1', 0)
  expect(await lane.send([Buffer.from('a')])).toMatchObject({ ok: false, maybeWritten: false, failure: { kind: 'taken' } })
  expect([broker.claims(), broker.valuesOf('cases.v1', 0)]).toEqual([0, []])
})

it('who learns after a failure that another leads does not claim the name again, and says that what was unanswered may be in the log', async () => {
  const broker = createBroker(['done'])
  const taken: KafkaFailure = { kind: 'taken', message: 'desk-b has taken the lead' }
  const lanes = lanesOn(broker, async () => taken)
  const lane = lanes.lane('cases.v1', 0)
  await lanes.claim()
  const values = [Buffer.from('a')]
  expect(await lane.send(values)).toMatchObject({ ok: false, maybeWritten: true })
  expect(await lane.send(values)).toEqual({ ok: false, maybeWritten: true, failure: taken })
  expect([broker.claims(), broker.valuesOf('cases.v1', 0)]).toEqual([1, ['a']])
})

it('a desk that finds itself deposed only after it has claimed again writes nothing', async () => {
  const broker = createBroker(['unsent'])
  const answers: (KafkaFailure | null)[] = [null, { kind: 'taken', message: 'desk-b has taken the lead' }]
  const lanes = lanesOn(broker, async () => answers.shift() ?? { kind: 'taken', message: 'desk-b has taken the lead' })
  const lane = lanes.lane('cases.v1', 0)
  await lanes.claim()
  const values = [Buffer.from('a')]
  expect(await lane.send(values)).toMatchObject({ ok: false, maybeWritten: false, failure: { kind: 'away' } })
  expect(await lane.send(values)).toMatchObject({ ok: false, maybeWritten: false, failure: { kind: 'taken' } })
  expect(broker.valuesOf('cases.v1', 0)).toEqual([])
})
