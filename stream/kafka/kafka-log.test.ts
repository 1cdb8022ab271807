import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../contracts/event-log.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { describeEventLog } from '../conformance.ts'
import { blobOf } from './blob-offset.ts'
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
