import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Leadership, LeadRefused } from '../../contracts/leadership.ts'
import { ledTopics } from '../../contracts/log-topics.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { describeLeadership } from '../leadership-conformance.ts'
import { createSealer } from '../seal.ts'
import { createKafkaClient } from './kafka-client.ts'
import type { KafkaTransactions } from './kafka-ports.ts'
import { type KafkaLog, openKafkaLog } from './open-kafka-log.ts'
import { createTestTopics, type KafkaTestTopics, plaintext } from './open-test-log.ts'

const offer = kafkaOffer()
const record = (text: string) => [{ key: 'x', value: Buffer.from(text) }]

describe.skipIf(offer.kind === 'nothing')(`who leads on a real Kafka${lackingKafka(offer)}`, () => {
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  let ids = 0
  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
  }, 120_000)
  afterAll(() => own?.stop())

  const topicsOf = (): Promise<KafkaTestTopics> => createTestTopics(plaintext(brokers), [...ledTopics, 'findings.v1'])
  const openAt = (topics: KafkaTestTopics, node: string): { log: KafkaLog; leadership: Leadership } => {
    const log = topics.open({ sessionMs: 3_000 }) as KafkaLog
    return { log, leadership: log.openLeadership({ node, newId: () => `term-${++ids}`, nowMs: () => 1_000 + ids }) }
  }

  describeLeadership('a desk on Kafka', async () => {
    const topics = await topicsOf()
    const { log, leadership } = openAt(topics, 'a')
    return {
      log,
      leadership,
      async cleanup() {
        await leadership.close()
        await log.close()
        await topics.remove()
      },
    }
  })

  it('the second one is refused and takes over, with everything of the first; another CA may not stand', async () => {
    const topics = await topicsOf()
    const [a, b, c] = [openAt(topics, 'a'), openAt(topics, 'b'), openAt(topics, 'c')]
    const stand = { url: 'https://a', authority: 'AA' }
    await expect(a.leadership.log.append('cases.v1', record('too early'))).rejects.toMatchObject({ reason: 'not-leading' })
    await a.leadership.campaign({ ...stand, onElected: async () => {} })
    const taken = Promise.withResolvers<number>()
    await b.leadership.campaign({
      ...stand,
      url: 'https://b',
      onElected: async () => taken.resolve((await b.log.ranges(['cases.v1']))[0]!.next),
    })
    expect([a.leadership.leads, b.leadership.leads]).toEqual([true, false])
    await expect(b.leadership.log.append('accounts.v1', record('not mine'))).rejects.toMatchObject({ reason: 'not-leading' })
    await expect(c.leadership.campaign({ ...stand, authority: 'CC', onElected: async () => {} })).rejects.toThrow(LeadRefused)
    await a.leadership.log.append('cases.v1', record('by a'))
    await a.leadership.close()
    const next = await taken.promise
    const seen: string[] = []
    for await (const { records } of b.log.read('cases.v1', 0, 0, next))
      seen.push(...records.map(({ value }) => Buffer.from(value).toString()))
    expect(seen).toEqual(['by a'])
    await b.leadership.sure()
    await b.leadership.log.append('cases.v1', record('by b'))
    expect(b.leadership.leader()).toMatchObject({ node: 'b', url: 'https://b' })
    await Promise.all([b.leadership.close(), c.leadership.close()])
    await Promise.all([a.log.close(), b.log.close(), c.log.close()])
    await topics.remove()
  })

  it.skipIf(offer.kind === 'given')(
    'a desk that is cut off from Kafka does not go on saying that it leads; when the group has heard of it again, it does (a Kafka of its own)',
    async () => {
      const topics = await topicsOf()
      const a = openAt(topics, 'a')
      await a.leadership.campaign({ url: 'https://a', authority: 'AA', onElected: async () => {} })
      expect(a.leadership.stats()).toMatchObject({ leads: 1, unheardMs: 0 })
      own!.nodes[0]!.freeze()
      await expect.poll(() => a.leadership.stats()['leads'], { timeout: 20_000 }).toBe(0)
      expect(a.leadership.stats()['unheardMs']).toBeGreaterThan(0)
      own!.nodes[0]!.thaw()
      await expect.poll(() => a.leadership.stats()['leads'], { timeout: 30_000 }).toBe(1)
      await a.leadership.log.append('cases.v1', record('still a'))
      await a.leadership.close()
      await a.log.close()
      await topics.remove()
    },
  )

  it('while nobody answers, standing for the lead is no refusal: it is told as an outage', async () => {
    const sealer = createSealer(Buffer.alloc(32, 1), 'log')
    const log = openKafkaLog({ settings: plaintext(['127.0.0.1:1']), sealer, giveUpMs: 500 })
    const leadership = log.openLeadership({ node: 'a', newId: () => 'term', nowMs: () => 1 })
    const standing = leadership.campaign({ url: 'https://a', authority: 'AA', onElected: async () => {} })
    await expect(standing).rejects.toMatchObject({ name: 'LogUnavailable', reason: 'broker-away' })
    await leadership.close()
    await log.close()
  })

  it('whoever had the name before is refused by the broker, and nothing of it can be read', async () => {
    const topics = await topicsOf()
    const client = createKafkaClient(plaintext(brokers), silentLogger)
    const [before, after] = [client.openTransactions(`${topics.prefix}x`), client.openTransactions(`${topics.prefix}x`)]
    const write = (by: KafkaTransactions, text: string) =>
      by.writeBlobs([{ topic: `${topics.prefix}cases.v1`, partition: 0, values: [Buffer.from(text)] }])
    await before.claim()
    expect(await write(before, 'before')).toMatchObject({ ok: true, nexts: [1] })
    await after.claim()
    expect(await write(before, 'too late')).toMatchObject({ ok: false, maybeWritten: false, failure: { kind: 'taken' } })
    expect(await write(after, 'after')).toMatchObject({ ok: true })
    const reader = client.openReader()
    const name = `${topics.prefix}cases.v1`
    await reader.prepare([name])
    const [ends] = await reader.ends([{ topic: name, partition: 0 }])
    const seen: string[] = []
    for (let at = 0; at < ends!.next;) {
      const limits = { waitMsMax: 100, bytesMax: 1_000_000, partitionBytesMax: 1_000_000 }
      const [answer] = await reader.fetch(reader.leaderOf(name, 0)!, [{ topic: name, partition: 0, offset: at }], limits)
      seen.push(...answer!.messages.map(({ value }) => value.toString()))
      at = answer!.after
    }
    expect(seen).toEqual(['before', 'after'])
    await Promise.all([before.close(), after.close(), reader.close()])
    await topics.remove()
  })
})
