import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ConsumeOptions, EventLog, LogConsumer } from '../../contracts/event-log.ts'
import { logTopics } from '../../contracts/log-topics.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { createTestTopics, type KafkaTestTopics, plaintext } from './open-test-log.ts'

const offer = kafkaOffer()
// The least that Kafka takes by default, and long enough for a machine that other tests keep busy.
const sessionMs = 6_000
const topic = 'observations.by-device.v1'
const { partitions } = logTopics[topic]

const until = async (what: string, condition: () => boolean, msMax = 20_000): Promise<void> => {
  const end = Date.now() + msMax
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${msMax} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * What all members of a group share in these tests, as detector state on a changelog would be: how far each partition is, and who
 * holds it. Every breach of the port's promises is noted.
 */
const createShared = () => {
  const next = new Map<number, number>()
  const seen: string[] = []
  const holders = new Map<number, string>()
  const handling = new Map<number, string>()
  const breaches: string[] = []
  const member = (name: string, handleMs = 0): ConsumeOptions & { readonly held: Set<number> } => {
    const held = new Set<number>()
    let told = false
    return {
      held,
      topics: [topic],
      group: 'shared',
      batchRecordsMax: 20,
      async onAssigned(assigned) {
        for (const { partition } of assigned) {
          const holder = holders.get(partition)
          if (holder !== undefined) breaches.push(`${name} got ${partition} while ${holder} had not given it back`)
          holders.set(partition, name)
          held.add(partition)
        }
        return assigned.map(({ partition }) => next.get(partition) ?? 'earliest')
      },
      onRevoking: () => void (told = true),
      async onRevoked(revoked) {
        if (!told) breaches.push(`${name} was not told that a rebalance began`)
        told = false
        for (const { partition } of revoked) {
          if (handling.has(partition)) breaches.push(`${partition} was taken from ${name} in the middle of a batch`)
          holders.delete(partition)
          held.delete(partition)
        }
      },
      async onBatch({ partition, records, nextOffset }) {
        const other = handling.get(partition)
        if (other !== undefined) breaches.push(`${name} handles ${partition} while ${other} does`)
        if (!held.has(partition)) breaches.push(`${name} handles ${partition} without having it`)
        handling.set(partition, name)
        if (handleMs > 0) await new Promise((resolve) => setTimeout(resolve, handleMs))
        for (const { value } of records) seen.push(Buffer.from(value).toString())
        next.set(partition, nextOffset)
        handling.delete(partition)
      },
    }
  }
  return { member, seen, holders, breaches }
}

describe.skipIf(offer.kind === 'nothing')(`members of a group on a real Kafka${lackingKafka(offer)}`, () => {
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  let topics: KafkaTestTopics
  const logs: EventLog[] = []
  const openLog = (): EventLog => {
    const log = topics.open({ sessionMs, rebalanceMs: 15_000, commitEveryMs: 500 })
    logs.push(log)
    return log
  }
  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
    topics = await createTestTopics(plaintext(brokers), [topic])
  }, 120_000)
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()))
    await topics.remove()
    topics = await createTestTopics(plaintext(brokers), [topic])
  })
  afterAll(async () => {
    await topics.remove()
    await own?.stop()
  })

  const produce = (log: EventLog, count: number) => {
    let stopping = false
    const sent: string[] = []
    const done = (async () => {
      for (let i = 0; i < count && !stopping; i++) {
        const value = `v${i}`
        await log.append(topic, [{ key: `device-${i % 40}`, value: Buffer.from(value) }])
        sent.push(value)
      }
    })()
    return {
      sent,
      async stop() {
        stopping = true
        await done
      },
    }
  }

  it('two share the partitions, and as they join and leave under load nothing is handled twice, missed or handled by two at once', async () => {
    const shared = createShared()
    const writer = openLog()
    const producing = produce(writer, 100_000)
    const [logA, logB, logC] = [openLog(), openLog(), openLog()]
    const a = shared.member('a', 2)
    const b = shared.member('b', 2)
    const c = shared.member('c', 2)
    const memberA = await logA.consume(a)
    expect(a.held.size).toBe(partitions)
    const memberB = await logB.consume(b)
    await until('a and b share', () => a.held.size === 2 && b.held.size === 2)
    const memberC = await logC.consume(c)
    await until('three share', () => a.held.size + b.held.size + c.held.size === partitions && c.held.size > 0 && a.held.size > 0)
    const leave = async (member: LogConsumer, options: { readonly held: Set<number> }): Promise<void> => {
      await member.close()
      for (const partition of options.held) shared.holders.delete(partition)
      options.held.clear()
    }
    await leave(memberA, a)
    await until('b and c share', () => b.held.size === 2 && c.held.size === 2)
    await leave(memberC, c)
    await until('b has all', () => b.held.size === partitions)
    await producing.stop()
    await until('all was handled', () => shared.seen.length >= producing.sent.length)
    expect(shared.breaches).toEqual([])
    expect([...shared.seen].sort()).toEqual([...producing.sent].sort())
    await memberB.close()
  })

  it('a member beyond the number of partitions waits without any, and takes over', async () => {
    const shared = createShared()
    const writer = openLog()
    await writer.append(
      topic,
      Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: Buffer.from(`v${i}`) })),
    )
    const members = await Promise.all(
      Array.from({ length: partitions + 1 }, async (_, i) => {
        const options = shared.member(`m${i}`)
        return { options, consumer: await openLog().consume(options) }
      }),
    )
    await until('each partition has its member', () => members.filter(({ options }) => options.held.size === 1).length === partitions)
    const idle = members.find(({ options }) => options.held.size === 0)!
    const leaving = members.find((member) => member !== idle)!
    await leaving.consumer.close()
    for (const partition of leaving.options.held) shared.holders.delete(partition)
    await until('the idle one has one', () => idle.options.held.size > 0)
    await until('all was handled', () => shared.seen.length >= 100)
    expect(shared.breaches).toEqual([])
    expect(new Set(shared.seen).size).toBe(100)
  })

  it('a restore longer than the session keeps its membership, and no batch comes before it has ended', async () => {
    const log = openLog()
    await log.append(topic, [{ key: 'k', value: Buffer.from('v') }])
    const happened: string[] = []
    let assignments = 0
    await log.consume({
      topics: [topic],
      group: 'slow-restore',
      async onAssigned(assigned) {
        assignments++
        await new Promise((resolve) => setTimeout(resolve, sessionMs * 1.6))
        happened.push('restored')
        return assigned.map(() => 'earliest' as const)
      },
      onBatch: async () => void happened.push('batch'),
    })
    await until('the batch', () => happened.includes('batch'))
    expect(happened).toEqual(['restored', 'batch'])
    expect(assignments).toBe(1)
  })

  it('a handler longer than the session keeps its membership', async () => {
    const log = openLog()
    const batches: string[] = []
    let revoked = 0
    await log.append(topic, [{ key: 'k', value: Buffer.from('slow') }])
    await log.consume({
      topics: [topic],
      group: 'slow-handler',
      onAssigned: async (assigned) => assigned.map(() => 'earliest' as const),
      onRevoked: async () => void revoked++,
      async onBatch({ records }) {
        batches.push(Buffer.from(records[0]!.value).toString())
        if (batches.length === 1) await new Promise((resolve) => setTimeout(resolve, sessionMs * 1.6))
      },
    })
    await until('the first batch', () => batches.length === 1)
    await log.append(topic, [{ key: 'k', value: Buffer.from('next') }])
    await until('the second batch', () => batches.length === 2)
    expect(batches).toEqual(['slow', 'next'])
    expect(revoked).toBe(0)
  })

  it('a handler that waits does not keep another partition from going on', async () => {
    const log = openLog()
    const gate = Promise.withResolvers<void>()
    const handled = [0, 0, 0, 0]
    const value = Buffer.alloc(50_000, 'x')
    for (let i = 0; i < 8; i++)
      await log.append(
        topic,
        Array.from({ length: 100 }, (_, j) => ({ key: `${i}.${j}`, value, partition: j % 2 })),
      )
    await log.consume({
      topics: [topic],
      group: 'waiting',
      onAssigned: async (assigned) => assigned.map(() => 'earliest' as const),
      async onBatch({ partition, records }) {
        if (partition === 0) await gate.promise
        handled[partition]! += records.length
      },
    })
    await until('partition 1 is through', () => handled[1] === 400)
    expect(handled[0]).toBe(0)
    gate.resolve()
    await until('partition 0 is through', () => handled[0] === 400)
  })
})
