import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../contracts/event-log.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { describeEventLog } from '../conformance.ts'
import { blobOf } from './blob-offset.ts'
import { createSealer } from '../seal.ts'
import { createTestTopics, plaintext } from './open-test-log.ts'

const offer = kafkaOffer()

describe.skipIf(offer.kind === 'nothing')(`on a real Kafka${lackingKafka(offer)}`, () => {
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
  }, 120_000)
  afterAll(() => own?.stop())

  describeEventLog('the Kafka log', async () => {
    const topics = await createTestTopics(plaintext(brokers), ['observations.by-device.v1', 'cases.v1', 'dead-letters.v1'])
    let log = topics.open()
    return {
      log,
      async reopen() {
        await log.close()
        log = topics.open()
        return log
      },
      async cleanup() {
        await log.close()
        await topics.remove()
      },
      dropBelow: (topic, partition, offset) => topics.admin.deleteRecordsBelow(`${topics.prefix}${topic}`, partition, blobOf(offset)),
    }
  })

  it('partitions that somebody has added to a topic are left alone: those that are planned go on', async () => {
    const topic = 'observations.by-device.v1'
    const topics = await createTestTopics(plaintext(brokers), ['cases.v1'])
    await topics.admin.createTopics([{ name: `${topics.prefix}${topic}`, partitions: 6, replicationFactor: 1, config: {} }])
    const log = topics.open()
    try {
      const keys = Array.from({ length: 200 }, (_, i) => `device-${i}`)
      await log.append(
        topic,
        keys.map((key) => ({ key, value: Buffer.from(key) })),
      )
      const assigned: number[] = []
      const seen: string[] = []
      const enough = Promise.withResolvers<void>()
      const consumer = await log.consume({
        topics: [topic],
        group: 'more',
        onAssigned(partitions) {
          assigned.push(...partitions.map(({ partition }) => partition))
          return Promise.resolve(partitions.map(() => 'earliest'))
        },
        onBatch({ records }) {
          seen.push(...records.map(({ key }) => key))
          if (seen.length === keys.length) enough.resolve()
          return Promise.resolve()
        },
      })
      await enough.promise
      await consumer.close()
      expect(assigned.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
      expect(seen.toSorted()).toEqual(keys.toSorted())
    } finally {
      await log.close()
      await topics.admin.deleteTopics([`${topics.prefix}${topic}`])
      await topics.remove()
    }
  })

  it("the log's key is changed in steps while machines run: each reads what the others write, at every step", async () => {
    const [a, b] = [Buffer.alloc(32, 0xa), Buffer.alloc(32, 0xb)]
    const topics = await createTestTopics(plaintext(brokers), ['cases.v1'])
    const machine = (...keys: Buffer[]) => topics.open({ sealer: createSealer(keys, 'log') })
    // Both before, both know the new one, one seals with it, both do, both have forgotten the old one.
    const steps = [
      [[a], [a, b]],
      [
        [a, b],
        [a, b],
      ],
      [
        [b, a],
        [a, b],
      ],
      [
        [b, a],
        [b, a],
      ],
      [[b], [b, a]],
      [[b], [b]],
    ] as const
    try {
      let written = 0
      const sealedByOld = new Set<string>()
      for (const [i, pair] of steps.entries()) {
        const logs = pair.map((keys) => machine(...keys))
        for (const [at, log] of logs.entries()) {
          if (pair[at]![0] === a) sealedByOld.add(`${written}`)
          await log.append('cases.v1', [{ key: 'x', value: Buffer.from(`${written++}`) }])
        }
        for (const [at, log] of logs.entries()) {
          const read: string[] = []
          const [{ earliest, next } = { earliest: 0, next: 0 }] = await log.ranges(['cases.v1'])
          for await (const { records } of log.read('cases.v1', 0, earliest, next))
            read.push(...records.map(({ value }) => Buffer.from(value).toString()))
          const all = Array.from({ length: written }, (_, n) => `${n}`)
          const knowsOld = pair[at]!.some((key) => key === a)
          // Who has forgotten the old key passes over what it sealed.
          expect([i, at, read]).toEqual([i, at, knowsOld ? all : all.filter((value) => !sealedByOld.has(value))])
          expect(log.stats()['unopened']).toBe(knowsOld ? 0 : sealedByOld.size)
        }
        await Promise.all(logs.map((log) => log.close()))
      }
    } finally {
      await topics.remove()
    }
  })

  it("a record bears Kafka's time, the same each time it is read, whatever its writer's clock says; and the writer knows how far that is off", async () => {
    const dayMs = 86_400_000
    const topics = await createTestTopics(plaintext(brokers), ['cases.v1'])
    const writer = topics.open({ clock: { now: () => Date.now() + dayMs } })
    const slow = topics.open({ clock: { now: () => Date.now() - dayMs } })
    const reader = topics.open()
    try {
      const beforeMs = Date.now()
      await writer.append('cases.v1', [{ key: 'a', value: Buffer.from('1') }])
      await slow.append('cases.v1', [{ key: 'a', value: Buffer.from('2') }])
      const afterMs = Date.now()
      const [{ earliest, next } = { earliest: 0, next: 0 }] = await reader.ranges(['cases.v1'])
      const read = async (): Promise<LogRecord[]> => {
        const records: LogRecord[] = []
        for await (const batch of reader.read('cases.v1', 0, earliest, next)) records.push(...batch.records)
        return records
      }
      const timesOf = (records: readonly LogRecord[]) => records.map(({ offset, appendedAtMs }) => ({ offset, appendedAtMs }))
      const times = timesOf(await read())
      expect(times).toHaveLength(2)
      for (const { appendedAtMs } of times) {
        expect(appendedAtMs).toBeGreaterThanOrEqual(beforeMs)
        expect(appendedAtMs).toBeLessThanOrEqual(afterMs)
      }
      expect(timesOf(await read())).toEqual(times)
      const consumed: LogRecord[] = []
      const enough = Promise.withResolvers<void>()
      const consumer = await reader.consume({
        topics: ['cases.v1'],
        group: 'times',
        onAssigned: (partitions) => Promise.resolve(partitions.map(() => 'earliest')),
        onBatch({ records }) {
          consumed.push(...records)
          if (consumed.length === 2) enough.resolve()
          return Promise.resolve()
        },
      })
      await enough.promise
      await consumer.close()
      expect(timesOf(consumed)).toEqual(times)
      const { clockAheadMs, clockBehindMs } = writer.stats()
      expect(clockBehindMs).toBe(0)
      // What the request took is not known to be the clock's.
      expect(Math.abs(clockAheadMs! - dayMs)).toBeLessThan(afterMs - beforeMs + 1)
      expect(slow.stats()['clockAheadMs']).toBe(0)
      expect(Math.abs(slow.stats()['clockBehindMs']! - dayMs)).toBeLessThan(afterMs - beforeMs + 1)
    } finally {
      await Promise.all([writer.close(), slow.close(), reader.close()])
      await topics.remove()
    }
  })
})
