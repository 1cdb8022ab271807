import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Logger, silentLogger } from '../../contracts/logger.ts'
import { SealBroken, type Sealer } from '../../contracts/secrets.ts'
import { type StateStore, StateTaken } from '../../contracts/state-store.ts'
import { kafkaOffer, lackingKafka } from '../../test/kafka/kafka-offer.ts'
import { startKafka, type TestKafka } from '../../test/kafka/start-kafka.ts'
import { createMemoryStateStore } from '../host/memory-state-store.ts'
import { createSealer } from '../seal.ts'
import { createChangelogCodec } from './changelog-codec.ts'
import { type ChangelogStore, createChangelogStore } from './changelog-store.ts'
import { createKafkaClient } from './kafka-client.ts'
import type { KafkaAdmin, KafkaClient } from './kafka-ports.ts'
import { plaintext } from './open-test-log.ts'
import { createTopics } from './topic-admin.ts'
import { changelogName, planChangelogs } from './topic-plan.ts'
import { createUnopened } from './unopened.ts'
import { openForeignProducer } from '../../test/kafka/foreign-producer.ts'

const offer = kafkaOffer()
const source = 'observations.by-device.v1'
const partition = `${source}/2`
const sealer = createSealer(Buffer.alloc(32, 5), 'state')
const told: string[] = []
const logger: Logger = { ...silentLogger, error: (_fields: unknown, text: string) => void told.push(text) }
let made = 0

describe.skipIf(offer.kind === 'nothing')(`detector state on a real Kafka${lackingKafka(offer)}`, () => {
  let own: TestKafka | null = null
  let brokers: readonly string[] = []
  let client: KafkaClient
  let admin: KafkaAdmin
  let prefix = ''
  const stores: ChangelogStore[] = []
  /** A machine: its copy outlives the store that is opened on it. */
  const open = (
    local: StateStore,
    over: { readonly isMember?: () => boolean; readonly nowMs?: () => number; readonly sealer?: Sealer } = {},
  ): ChangelogStore => {
    const store = createChangelogStore({
      client,
      sealer,
      local: { ...local, close: async () => {} },
      topicPrefix: prefix,
      group: 'detect',
      logger,
      unopened: createUnopened(logger, () => 0),
      isMember: () => true,
      nowMs: () => Date.now(),
      steadyNowMs: () => performance.now(),
      giveUpMs: 10_000,
      ...over,
    })
    stores.push(store)
    return store
  }
  const stateOf = async (store: StateStore): Promise<Record<string, string>> => {
    const all: Record<string, string> = {}
    for await (const { key, value } of store.load(partition)) all[key] = Buffer.from(value).toString()
    return all
  }
  const put = (key: string, value: string | null) => ({ key, value: value === null ? null : Buffer.from(value) })

  beforeAll(async () => {
    if (offer.kind === 'own') own = await startKafka(offer)
    brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
    client = createKafkaClient(plaintext(brokers), silentLogger)
    admin = client.openAdmin()
  }, 120_000)
  beforeEach(async () => {
    prefix = `test-${process.pid}-${Date.now().toString(36)}-${made++}.`
    const plan = { topicPrefix: prefix, retentionHours: 1, retentionGigabytes: 1, replicationFactor: 1, minInsyncReplicas: 1 }
    await createTopics(admin, planChangelogs(plan, 'detect', [source]))
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await admin.deleteTopics([changelogName(prefix, 'detect', source)])
  })
  afterAll(async () => {
    await admin.close()
    await own?.stop()
  })

  it('moves to another machine: what was written is there, what was deleted is not', async () => {
    const a = open(createMemoryStateStore())
    expect(await stateOf(a)).toEqual({})
    await a.write(partition, [put('x', '1'), put('y', '2')])
    await a.write(partition, [put('y', null), put('z', '3')])
    expect(await stateOf(open(createMemoryStateStore()))).toEqual({ x: '1', z: '3' })
  })

  it('a machine that lost the partition is told so when it writes, and changes nothing', async () => {
    const a = open(createMemoryStateStore())
    await stateOf(a)
    await a.write(partition, [put('x', 'by a')])
    const b = open(createMemoryStateStore())
    await stateOf(b)
    await expect(a.write(partition, [put('x', 'a zombie')])).rejects.toThrow(StateTaken)
    await expect(a.write(partition, [put('x', 'again')])).rejects.toThrow(StateTaken)
    await b.write(partition, [put('y', 'by b')])
    expect(await stateOf(open(createMemoryStateStore()))).toEqual({ x: 'by a', y: 'by b' })
  })

  it('a checkpoint that was under way when its machine died leaves nothing', async () => {
    const a = open(createMemoryStateStore())
    await stateOf(a)
    await a.write(partition, [put('x', 'whole')])
    // The first records of a checkpoint, and then nothing more of that machine.
    const topic = changelogName(prefix, 'detect', source)
    const codec = createChangelogCodec(sealer, `${topic}/2`)
    const dying = client.openTransactions(`${topic}/2`)
    await dying.claim()
    const half = Array.from({ length: 300 }, (_, i) => codec.encode({ key: i === 0 ? 'x' : `k${i}`, value: Buffer.alloc(5_000, 'h') }))
    const broken = {
      get place(): Buffer {
        throw new Error('the machine died')
      },
      sealed: null,
      sealedKey: null,
    }
    await expect(dying.write(topic, 2, [...half, broken])).rejects.toThrow('the machine died')
    expect(await stateOf(open(createMemoryStateStore()))).toEqual({ x: 'whole' })
  })

  it('a restart on the same machine reads the tail only, and a follower has read ahead', async () => {
    const local = createMemoryStateStore()
    const a = open(local)
    await stateOf(a)
    await a.write(
      partition,
      Array.from({ length: 500 }, (_, i) => put(`k${i}`, 'v')),
    )
    const again = open(local)
    expect(Object.keys(await stateOf(again))).toHaveLength(500)
    expect(again.stats().restoredRecords).toBe(0)
    const standby = open(createMemoryStateStore())
    expect(await standby.follow(partition)).toBe(500)
    await again.write(partition, [put('k0', null), put('more', 'v')])
    // A transaction can be read a moment after it was acknowledged.
    let followed = 0
    for (let tries = 0; followed < 2 && tries < 100; tries++) followed += await standby.follow(partition)
    expect(followed).toBe(2)
    expect(Object.keys(await stateOf(standby))).toHaveLength(500)
    expect(standby.stats().restoredRecords).toBe(0)
  })

  it('a copy that is too old to know what was deleted meanwhile is read anew', async () => {
    const local = createMemoryStateStore()
    let nowMs = Date.now()
    const a = open(local, { nowMs: () => nowMs })
    await stateOf(a)
    await a.write(partition, [put('x', '1')])
    nowMs += 5 * 86_400_000
    const later = open(local, { nowMs: () => nowMs })
    expect(await stateOf(later)).toEqual({ x: '1' })
    expect(later.stats().restoredRecords).toBe(1)
  })

  it('what somebody else writes into a changelog is passed over and told; the state behind it is whole', async () => {
    const name = changelogName(prefix, 'detect', source)
    const a = open(createMemoryStateStore())
    await stateOf(a)
    await a.write(partition, [put('x', '1'), put('y', '1')])
    const foreign = await openForeignProducer(brokers)
    await foreign.send(name, 2, [
      { key: 'a key', value: Buffer.from('not sealed') },
      { key: 'another', value: null },
      { key: 'with a header twice', value: null, headers: { k: ['a', 'b'] } },
    ])
    await foreign.close()
    await a.write(partition, [put('y', '2')])
    told.length = 0
    const b = open(createMemoryStateStore())
    expect(await stateOf(b)).toEqual({ x: '1', y: '2' })
    expect(told).toEqual(['a message on Kafka does not open with the key of this log: it is passed over'])
    const withAnotherKey = open(createMemoryStateStore(), { sealer: createSealer(Buffer.alloc(32, 6), 'state') })
    await expect(stateOf(withAnotherKey)).rejects.toThrow(SealBroken)
  })

  it('a changelog that begins with what somebody else wrote is read by who finds in another partition that its key is right', async () => {
    const name = changelogName(prefix, 'detect', source)
    const foreign = await openForeignProducer(brokers)
    await foreign.send(name, 2, [{ key: 'a key', value: Buffer.from('not sealed') }])
    await foreign.close()
    await expect(stateOf(open(createMemoryStateStore()))).rejects.toThrow(SealBroken)
    const other = open(createMemoryStateStore())
    for await (const entry of other.load(`${source}/0`)) expect(entry).toBe('in no state yet')
    await other.write(`${source}/0`, [put('z', '1')])
    expect(await stateOf(open(createMemoryStateStore()))).toEqual({})
  })

  it('who is not sure to be a member claims nothing', async () => {
    const a = open(createMemoryStateStore())
    await stateOf(a)
    await a.write(partition, [put('x', '1')])
    const unsure = createChangelogStore({
      client,
      sealer,
      local: createMemoryStateStore(),
      topicPrefix: prefix,
      group: 'detect',
      logger: silentLogger,
      unopened: createUnopened(silentLogger, () => 0),
      isMember: () => false,
      nowMs: () => Date.now(),
      steadyNowMs: () => performance.now(),
      giveUpMs: 200,
    })
    await expect(stateOf(unsure)).rejects.toThrow(/has not heard of this member lately/)
    await a.write(partition, [put('x', '2')])
    await unsure.close()
  })

  it('whatever is written by whichever owner, the next one has the last state of each key', async () => {
    const locals = [createMemoryStateStore(), createMemoryStateStore(), createMemoryStateStore()]
    const model = new Map<string, string>()
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.array(fc.array(fc.record({ key: fc.nat(8), value: fc.option(fc.string({ maxLength: 50 })) }), { minLength: 1, maxLength: 6 }), {
          maxLength: 4,
        }),
        async (machine, writes) => {
          const store = open(locals[machine]!)
          expect(await stateOf(store)).toEqual(Object.fromEntries(model))
          for (const write of writes) {
            const last = new Map(write.map(({ key, value }) => [`k${key}`, value]))
            await store.write(
              partition,
              [...last].map(([key, value]) => put(key, value)),
            )
            for (const [key, value] of last) {
              if (value === null) model.delete(key)
              else model.set(key, Buffer.from(value).toString())
            }
          }
          await store.close()
        },
      ),
      { numRuns: 20 },
    )
  })
})
