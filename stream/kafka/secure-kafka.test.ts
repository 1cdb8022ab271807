import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsumeOptions, EventLog } from '../../contracts/event-log.ts'
import { ledTopics, type LogTopicName, logTopics } from '../../contracts/log-topics.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { ownKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { createSealer } from '../seal.ts'
import { createKafkaClient } from './kafka-client.ts'
import type { KafkaSasl, KafkaSettings } from './kafka-settings.ts'
import { type KafkaLog, openKafkaLog } from './open-kafka-log.ts'
import { type KafkaRole, kafkaRoles, roleRights, rulesOf, topicsRules } from './role-rights.ts'
import { checkTopics, createTopics } from './topic-admin.ts'
import { planDeployment } from './topic-plan.ts'

const { place, lacks: lack } = ownKafka()
const topics = Object.keys(logTopics) as LogTopicName[]
const users = [...kafkaRoles, 'topics', 'admin', 'nobody'] as const
const passwords = Object.fromEntries(users.map((user) => [user, `secret-of-${user}`]))
const plan = planDeployment({ topicPrefix: '', retentionHours: 1, retentionGigabytes: 1, replicationFactor: 1, minInsyncReplicas: 1 })

describe.skipIf(lack !== null)(`TLS, SASL and ACLs on a real Kafka${lack === null ? '' : ` (skipped: ${lack})`}`, () => {
  let kafka: TestKafka
  const logs: EventLog[] = []
  const settings = (user: string, over: Partial<KafkaSasl> = {}): KafkaSettings => ({
    brokers: kafka.brokers,
    clientId: 'test',
    tls: { caPem: kafka.caPem, certificatePem: null, keyPem: null },
    sasl: { mechanism: 'scram-sha-512', username: user, password: passwords[user] ?? '', ...over },
  })
  const open = (of: KafkaSettings): KafkaLog => {
    const log = openKafkaLog({ settings: of, sealer: createSealer(Buffer.alloc(32, 1), 'log'), giveUpMs: 2_000, sessionMs: 2_000 })
    logs.push(log)
    return log
  }
  const record = (text: string) => [{ key: 'device-secret-name', value: Buffer.from(text) }]
  const consume = (log: EventLog, topic: LogTopicName, group: string, over: Partial<ConsumeOptions> = {}) =>
    log.consume({
      topics: [topic],
      group,
      onAssigned: async (assigned) => assigned.map(() => 'earliest' as const),
      onBatch: async () => {},
      ...over,
    })

  beforeAll(async () => {
    kafka = await startKafka({ place, secure: { users: passwords } })
    const admin = createKafkaClient(settings('admin'), silentLogger).openAdmin()
    for (const role of kafkaRoles) await admin.allow(rulesOf(role, role, ''))
    await admin.allow(
      topicsRules(
        'topics',
        plan.map(({ name }) => name),
      ),
    )
    await admin.close()
    const creator = createKafkaClient(settings('topics'), silentLogger).openAdmin()
    await createTopics(creator, (await checkTopics(creator, plan)).missing)
    expect(await checkTopics(creator, plan)).toEqual({ missing: [], differences: [], configHidden: false })
    await creator.close()
  }, 120_000)
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()))
    await kafka?.stop()
  })

  it('the desk may stand for the lead and write under it, nobody else', async () => {
    let ids = 0
    const standAs = (role: KafkaRole) =>
      open(settings(role)).openLeadership({ node: role, newId: () => `${role}-${++ids}`, nowMs: () => 1 })
    const stand = { url: 'https://desk', authority: 'AA', onElected: async () => {} }
    const desk = standAs('desk')
    await desk.campaign(stand)
    for (const topic of ledTopics.filter((name) => name !== 'leaders.v1')) await desk.log.append(topic, record('by who leads'))
    await desk.close()
    for (const role of ['edge', 'sink', 'detect'] as const)
      await expect(standAs(role).campaign(stand)).rejects.toMatchObject({
        name: 'LogUnavailable',
        reason: 'io',
        message: expect.stringMatching(/authoriz/i),
      })
  }, 60_000)

  it('each role may do what the table says, and nothing else', async () => {
    for (const role of kafkaRoles) {
      const log = open(settings(role))
      const { writes, reads, groups } = roleRights[role]
      for (const topic of topics) {
        const wrote = await log.append(topic, record(`${role} was here`)).then(
          () => true,
          (error: unknown) => {
            expect(String(error), `${role} ${topic}`).toMatch(/LogUnavailable.*authoriz/i)
            return false
          },
        )
        expect([role, topic, wrote]).toEqual([role, topic, writes.includes(topic)])
      }
      for (const topic of topics) {
        const reading = log.read(topic, 0, 0, 1)[Symbol.asyncIterator]().next()
        const read = await reading.then(
          () => true,
          () => false,
        )
        // Who writes to a topic may see how far it reaches, not what is in it.
        if (reads.includes(topic)) expect([role, topic, read]).toEqual([role, topic, true])
        else if (read) expect((await log.ranges([topic]))[0]!.next, `${role} read ${topic}`).toBe(0)
      }
      if (reads[0] !== undefined && groups[0] !== undefined) {
        const consumer = await consume(log, reads[0], `${groups[0]}x`)
        await consumer.close()
        await expect(consume(log, reads[0], 'somebody-else')).rejects.toThrow(/authoriz/i)
      }
    }
  }, 60_000)

  it('who may do nothing is told so at once, in an append, a consumer and a question', async () => {
    const log = open(settings('nobody'))
    const startedAt = performance.now()
    await expect(log.append('cases.v1', record('x'))).rejects.toThrow(/authoriz/i)
    await expect(log.ranges(['cases.v1'])).rejects.toThrow(/authoriz/i)
    await expect(consume(log, 'cases.v1', 'g')).rejects.toThrow(/authoriz/i)
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })

  it('a consumer whose right is taken away fails instead of standing still', async () => {
    const log = open(settings('sink'))
    const consumer = await consume(log, 'findings.v1', 'wardwatch-sink')
    const admin = createKafkaClient(settings('admin'), silentLogger).openAdmin()
    await admin.disallow('sink')
    await expect(consumer.failed).rejects.toThrow(/authoriz/i)
    await admin.allow(rulesOf('sink', 'sink', ''))
    await admin.close()
  })

  it('PLAIN over TLS works, a wrong password and an unknown CA are refused', async () => {
    const plain = open(settings('desk', { mechanism: 'plain' }))
    await plain.append('cases.v1', record('by PLAIN'))
    for (const mechanism of ['plain', 'scram-sha-512'] as const)
      await expect(open(settings('desk', { mechanism, password: 'guess' })).append('cases.v1', record('x'))).rejects.toThrow(
        /[Aa]uthentication/,
      )
    const trusting = { ...settings('desk'), tls: { caPem: null, certificatePem: null, keyPem: null } }
    await expect(open(trusting).append('cases.v1', record('x'))).rejects.toThrow(/certificate/)
  })

  it('nothing of a record can be read on the disk of a broker', async () => {
    const log = open(settings('edge'))
    await log.append('observations.by-device.v1', [
      { key: 'device-secret-name', value: Buffer.from('a reading that nobody is to see '.repeat(40)) },
    ])
    await log.append('observations.by-device.v1', record('a reading that nobody is to see'))
    const files = readdirSync(kafka.directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(kafka.directory, name))
      .filter((path) => statSync(path).isFile() && path.endsWith('.log') && path.includes('observations'))
    expect(files.length).toBeGreaterThan(0)
    for (const path of files) {
      const bytes = readFileSync(path)
      expect(bytes.includes('device-secret-name')).toBe(false)
      expect(bytes.includes('nobody is to see')).toBe(false)
    }
  })
})
