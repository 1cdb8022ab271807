import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EventLog, LogGap } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { type Logger, silentLogger } from '../../contracts/logger.ts'
import { createReach } from '../../contracts/reach.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { createSealer } from '../seal.ts'
import { type ForeignProducer, openForeignProducer } from '../../test/kafka/foreign-producer.ts'
import { createKafkaClient } from './kafka-client.ts'
import { createTestTopics, type KafkaTestTopics, plaintext } from './open-test-log.ts'

const offer = kafkaOffer()
const topic = 'cases.v1'
const other = 'registry.v1'
/** More than any batch of ours opens to. */
const bombBytes = 8_000_000

describe.skipIf(offer.kind === 'nothing')(`what others write into our topics, on a real Kafka${lackingKafka(offer)}`, () => {
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  let topics: KafkaTestTopics
  let foreign: ForeignProducer
  const logs: EventLog[] = []
  const told: string[] = []
  const logger: Logger = { ...silentLogger, error: (_fields: unknown, text: string) => void told.push(text) }
  const open = (masterKey = 1): EventLog => {
    const log = topics.open({ logger, sealer: createSealer(Buffer.alloc(32, masterKey), 'log'), giveUpMs: 3_000 })
    logs.push(log)
    return log
  }
  const append = (log: EventLog, text: string, to: LogTopicName = topic) => log.append(to, [{ key: 'k', value: Buffer.from(text) }])
  const nameOf = (of: LogTopicName): string => `${topics.prefix}${of}`
  const readAll = async (log: EventLog): Promise<readonly string[]> => {
    const [range] = await log.ranges([topic])
    const all: string[] = []
    for await (const { records } of log.read(topic, 0, range!.earliest, range!.next))
      for (const { value } of records) all.push(Buffer.from(value).toString())
    return all
  }
  const follow = async (log: EventLog) => {
    const seen: string[] = []
    const gaps: LogGap[] = []
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => {})
    const reach = createReach(log, [topic], failed.promise)
    const consumer = await log.consume({
      topics: [topic],
      group: 'g',
      onAssigned: async (assigned) => assigned.map(() => 'earliest' as const),
      async onBatch({ partition, records, nextOffset }) {
        for (const { value } of records) seen.push(Buffer.from(value).toString())
        reach.passed(topic, partition, nextOffset)
      },
      onGap(gap) {
        gaps.push(gap)
        reach.passed(topic, gap.partition, gap.to)
      },
    })
    consumer.failed.catch(failed.reject)
    return { seen, gaps, reached: reach.reached, failed: consumer.failed, close: () => consumer.close() }
  }

  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
  }, 120_000)
  afterAll(() => own?.stop())
  beforeEach(async () => {
    topics = await createTestTopics(plaintext(brokers), [topic, other])
    told.length = 0
    foreign = await openForeignProducer(brokers)
    return async () => {
      await foreign.close()
      await Promise.all(logs.splice(0).map((log) => log.close()))
      await topics.remove()
    }
  })

  it.each<[string, () => Promise<void>, number]>([
    ['a text', () => foreign.send(nameOf(topic), 0, [{ value: 'hello' }]), 1],
    ['messages without a value', () => foreign.send(nameOf(topic), 0, [{ value: null }, { key: 'k', value: null }]), 2],
    ['an empty message', () => foreign.send(nameOf(topic), 0, [{ value: '' }]), 1],
    ['a batch that opens to more than any of ours', () => foreign.send(nameOf(topic), 0, [{ value: Buffer.alloc(bombBytes) }], 'gzip'), 1],
    [
      'two batches at once, one of them such',
      async () => {
        await foreign.send(nameOf(topic), 0, [{ value: 'hello' }])
        await foreign.send(nameOf(topic), 0, [{ value: Buffer.alloc(bombBytes) }, { value: 'behind it' }], 'gzip')
      },
      2,
    ],
  ])(
    '%s is passed over by readers and followers, told once and counted, and nothing before or behind it is lost',
    async (_what, write, messages) => {
      const log = open()
      await append(log, 'before')
      const follower = await follow(log)
      await follower.reached()
      await write()
      // Last in the partition: who waits for the end must not wait for ever.
      await follower.reached()
      await append(log, 'behind')
      await follower.reached()
      expect(follower.seen).toEqual(['before', 'behind'])
      expect(follower.gaps.length).toBe(messages)
      expect(follower.gaps.every(({ why, from, to }) => why === 'unopened' && from < to)).toBe(true)
      expect(await readAll(log)).toEqual(['before', 'behind'])
      expect(log.stats()['unopened']).toBe(messages)
      expect(told).toEqual(['a message on Kafka does not open with the key of this log: it is passed over'])
      await follower.close()
      const again = open()
      expect(await readAll(again)).toEqual(['before', 'behind'])
    },
  )

  it('who starts at what somebody else wrote finds the proof of its key behind it, before it, or in another topic', async () => {
    await foreign.send(nameOf(topic), 0, [{ value: 'first of all' }])
    await append(open(), 'behind')
    expect(await readAll(open())).toEqual(['behind'])
    await topics.admin.deleteRecordsBelow(nameOf(topic), 0, 2)
    await foreign.send(nameOf(topic), 0, [{ value: 'all that is left' }])
    await append(open(), 'an event', other)
    expect(await readAll(open())).toEqual([])
  })

  it('with another key than the log was written with nothing is passed over: readers and followers end, and say so', async () => {
    await append(open(), 'ours')
    const wrong = open(2)
    await expect(readAll(wrong)).rejects.toThrow(SealBroken)
    const follower = await follow(wrong)
    await expect(follower.failed).rejects.toThrow(/was sealed with another key/)
    await expect(follower.reached()).rejects.toThrow(SealBroken)
    expect(follower.gaps).toEqual([])
    expect(told).toEqual([])
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'a topic that was set to compress with %s loses nothing: the broker packs our blobs anew',
    async (how) => {
      const admin = createKafkaClient(plaintext(brokers), silentLogger).openAdmin()
      await admin.deleteTopics([nameOf(topic)])
      await admin.createTopics([{ name: nameOf(topic), partitions: 1, replicationFactor: 1, config: { 'compression.type': how } }])
      await admin.close()
      const log = open()
      const texts = Array.from({ length: 40 }, (_, i) => `${i} ${'spo2 98 '.repeat(i * 25)}`)
      for (const text of texts) await append(log, text)
      await append(log, 'x'.repeat(700_000))
      expect((await readAll(log)).slice(0, -1)).toEqual(texts)
      const follower = await follow(log)
      await follower.reached()
      expect(follower.seen).toEqual([...texts, 'x'.repeat(700_000)])
      await foreign.send(nameOf(topic), 0, [{ value: 'hello' }])
      await follower.reached()
      expect(follower.gaps).toHaveLength(1)
      await follower.close()
    },
  )
})
