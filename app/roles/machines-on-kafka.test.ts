import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventLog } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createKafkaClient } from '../../stream/kafka/kafka-client.ts'
import { createTestTopics, type KafkaTestTopics, plaintext } from '../../stream/kafka/open-test-log.ts'
import { createTopics } from '../../stream/kafka/topic-admin.ts'
import { planTopics } from '../../stream/kafka/topic-plan.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { followMachines } from './follow-machines.ts'
import { createMachineTeller } from './tell-machine.ts'

const offer = kafkaOffer()

describe.skipIf(offer.kind === 'nothing')(`machines.v1 on a real Kafka${lackingKafka(offer)}`, () => {
  let kafka: TestKafka | null = null
  let settings: ReturnType<typeof plaintext>
  let topics: KafkaTestTopics
  let log: EventLog

  beforeAll(async () => {
    if (offer.kind === 'own') kafka = await startKafka(offer)
    settings = plaintext(offer.kind === 'given' ? offer.brokers : kafka!.brokers)
    topics = await createTestTopics(settings, ['findings.v1'])
    log = topics.open({ giveUpMs: 1_000, sessionMs: 6_000 })
  }, 120_000)
  afterAll(async () => {
    await log?.close()
    await topics?.remove()
    await kafka?.stop()
  })

  // Wardwatch is updated, and `wardwatch kafka topics --create` is not run yet.
  it('where the topic is not there yet the desk says so, nothing else suffers, and it comes with the topic', async () => {
    const warned: string[] = []
    const tell = createMachineTeller(log, { ...silentLogger, warn: (_, text) => warned.push(text) })
    const followed = followMachines({
      log,
      own: 'desk-a',
      group: 'desk-machines',
      steadyNowMs: () => performance.now(),
      logger: silentLogger,
      againMs: 200,
    })
    tell({ machine: 'edge-a', run: 'first', roles: [], problems: [], leaves: false })
    await expect
      .poll(followed.problem, { timeout: 20_000 })
      .toMatch(/^Nothing is known of the other machines, machines\.v1 can not be read: .*This server does not host this topic/)
    await expect.poll(() => warned, { timeout: 20_000 }).toEqual(['the desks can not be told how this machine is'])
    await log.append('findings.v1', [{ key: 'x', value: Buffer.from('x') }])
    expect(log.stats()).toMatchObject({ brokerAwayMs: 0, readAwayMs: 0, consumers: 0 })

    const admin = createKafkaClient(settings, silentLogger).openAdmin()
    const plan = planTopics(
      { topicPrefix: topics.prefix, retentionHours: 24, retentionGigabytes: 1, replicationFactor: 1, minInsyncReplicas: 1 },
      ['machines.v1'],
    )
    await createTopics(admin, plan)
    await expect
      .poll(
        () => {
          tell({ machine: 'edge-a', run: 'first', roles: [], problems: [], leaves: false })
          return followed.list().map(({ figures }) => figures.machine)
        },
        { timeout: 30_000 },
      )
      .toEqual(['edge-a'])
    expect(followed.problem()).toBeNull()
    await followed.close()
    await admin.deleteTopics(plan.map(({ name }) => name))
    await admin.close()
  }, 90_000)
})
