import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../contracts/logger.ts'
import { createKafkaClient } from '../stream/kafka/kafka-client.ts'
import { failureOf } from '../stream/kafka/kafka-failure.ts'
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts'
import { ownKafka } from '../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../test/kafka/start-kafka.ts'
import { kafkaContactProblem } from './kafka-contact-problem.ts'

const { place, lacks } = ownKafka()

describe.skipIf(lacks !== null)(`the first contact with a real Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  let plain: TestKafka | null = null
  let secure: TestKafka | null = null
  beforeAll(async () => {
    ;[plain, secure] = await Promise.all([startKafka({ place }), startKafka({ place, secure: { users: { admin: 'secret-of-admin' } } })])
  }, 120_000)
  afterAll(async () => {
    await Promise.all([plain?.stop(), secure?.stop()])
  })

  const problemOf = async (settings: KafkaSettings): Promise<string> => {
    const admin = createKafkaClient(settings, silentLogger).openAdmin()
    try {
      await admin.describeTopics(['none'])
      return 'none'
    } catch (error) {
      return kafkaContactProblem(settings, failureOf(error).message)
    } finally {
      await admin.close()
    }
  }

  it('TLS at a listener that does not speak it names the setting', async () => {
    const tls = { caPem: secure!.caPem, certificatePem: null, keyPem: null }
    expect(await problemOf({ brokers: plain!.brokers, clientId: 'test', tls, sasl: null })).toMatch(
      /\(does it ask for a user\? log\.kafka\.sasl is not set; or does this listener speak plain text\? log\.kafka\.tls is true\)$/,
    )
  })

  it('plain text at a listener that speaks TLS names the setting', async () => {
    expect(await problemOf({ brokers: secure!.brokers, clientId: 'test', tls: null, sasl: null })).toMatch(
      /\(does this listener speak TLS\? log\.kafka\.tls is false\)$/,
    )
  })

  it('what has another reason gets no hint', async () => {
    expect(await problemOf({ brokers: ['127.0.0.1:1'], clientId: 'test', tls: null, sasl: null })).toMatch(/ECONNREFUSED[^(]*$/)
  })
})
