import { afterAll, beforeAll, describe } from 'vitest'
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
})
