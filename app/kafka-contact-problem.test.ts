import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../contracts/logger.ts'
import { type Authority, createAuthority } from '../registry/authority.ts'
import { createKafkaClient } from '../stream/kafka/kafka-client.ts'
import { failureOf } from '../stream/kafka/kafka-failure.ts'
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts'
import { openKafkaLog } from '../stream/kafka/open-kafka-log.ts'
import { createSealer } from '../stream/seal.ts'
import { ownKafka } from '../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../test/kafka/start-kafka.ts'
import { kafkaContactProblem, kafkaReason } from './kafka-contact-problem.ts'

const { place, lacks } = ownKafka()
const certificateEnded =
  /alert [a-z ]+ \(the brokers do not take the certificate of log\.kafka\.certificateFile, valid until .+ GMT: .*CN=admin.*\)$/

describe.skipIf(lacks !== null)(`the first contact with a real Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  let plain: TestKafka | null = null
  let secure: TestKafka | null = null
  let mutual: TestKafka | null = null
  let clients: Authority
  beforeAll(async () => {
    // Ten days ago: what it signs for a day has ended.
    const tenDaysAgo = { now: () => Date.now() - 864_000_000 }
    clients = await createAuthority({ siteName: 'kafka-clients', clock: tenDaysAgo })
    const users = { admin: 'secret-of-admin' }
    ;[plain, secure, mutual] = await Promise.all([
      startKafka({ place }),
      startKafka({ place, secure: { users } }),
      startKafka({ place, secure: { users, clientCaPem: clients.certificatePem } }),
    ])
  }, 120_000)
  afterAll(async () => {
    await Promise.all([plain?.stop(), secure?.stop(), mutual?.stop()])
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

  const certified = async (days: number): Promise<KafkaSettings> => {
    const { certificatePem, privateKeyPem } = await clients.issueDeviceCertificate({ device: 'admin', days })
    const tls = { caPem: mutual!.caPem, certificatePem, keyPem: privateKeyPem }
    return { brokers: mutual!.brokers, clientId: 'test', tls, sasl: null }
  }

  it('brokers that know clients by their certificates take one', async () => expect(await problemOf(await certified(30))).toBe('none'))

  it('no client certificate where one is asked for names the setting', async () => {
    const tls = { caPem: mutual!.caPem, certificatePem: null, keyPem: null }
    expect(await problemOf({ brokers: mutual!.brokers, clientId: 'test', tls, sasl: null })).toMatch(
      /alert [a-z ]+ \(the brokers want a client certificate\? log\.kafka\.certificateFile is not set\)$/,
    )
  })

  it('a client certificate that has ended is named, with its end', async () =>
    expect(await problemOf(await certified(1))).toMatch(certificateEnded))

  it('a log that runs says so, for as long as that lasts', async () => {
    const settings = await certified(1)
    const log = openKafkaLog({
      settings,
      sealer: createSealer(Buffer.alloc(32), 'log'),
      giveUpMs: 500,
      explain: (reason) => kafkaReason(settings, reason),
    })
    expect(log.trouble!()).toBeNull()
    const refused = log.append('cases.v1', [{ key: 'k', value: Buffer.from('v') }])
    await expect(refused).rejects.toThrow('Kafka has taken nothing of cases.v1')
    expect(log.trouble!()).toMatch(certificateEnded)
    await log.close()
  })

  it('what has another reason gets no hint', async () => {
    expect(await problemOf({ brokers: ['127.0.0.1:1'], clientId: 'test', tls: null, sasl: null })).toMatch(/ECONNREFUSED[^(]*$/)
  })
})
