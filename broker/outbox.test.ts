import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, it } from 'vitest'
import { systemClock } from '../contracts/clock.ts'
import { type AppendRecord, type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import { openMemoryLog } from '../stream/memory-log.ts'
import { type AckOwner, createOutbox } from './outbox.ts'
import { createRecentMap } from './recent-map.ts'

interface Owner extends AckOwner {
  readonly name: string
  readonly acknowledged: number[]
}
const owner = (name: string): Owner => ({
  name,
  acknowledged: [],
  acks: [],
  acksFlying: [],
  waiting: 0,
  flying: 0,
  waitingSince: 0,
  flyingSince: 0,
  queued: false,
})

it('acknowledges each message once, in order, after the log has it, whatever the log does', async () => {
  const step = record({ who: nat(2), partition: nat(3), pause: nat(3) })
  await assert(
    asyncProperty(
      array(step, { minLength: 1, maxLength: 60 }),
      array(constantFrom('ok', 'reject', 'later'), { maxLength: 12 }),
      async (steps, moods) => {
        const durable = new Set<string>()
        const memory = openMemoryLog()
        let call = 0
        const log: EventLog = {
          ...memory,
          async append(topic, records: readonly AppendRecord[]) {
            const mood = moods[call++]
            if (mood === 'reject') throw new LogUnavailable('disk-full', 'no space')
            if (mood === 'later') await new Promise((resolve) => setImmediate(resolve))
            await memory.append(topic, records)
            for (const { value } of records) durable.add(Buffer.from(value).toString())
          },
        }
        const owners = [owner('a'), owner('b'), owner('c')]
        const outbox = createOutbox<Owner>({
          log,
          clock: systemClock,
          logger: silentLogger,
          limits: {
            lingerMsMax: 0,
            batchRecordsMin: 4,
            observationsQueuedMax: 100,
            logStallMs: 1_000,
          },
          settled: () => {},
          durable(who) {
            for (const ack of who.acksFlying) {
              expect(durable.has(`${who.name}${ack}`)).toBe(true)
              who.acknowledged.push(ack)
            }
            who.acksFlying.length = 0
            who.flying = 0
          },
        })
        const sent = [0, 0, 0]
        for (const { who, partition, pause } of steps) {
          const id = ++sent[who]!
          const value = Buffer.from(`${owners[who]!.name}${id}`)
          const place = { partition, key: Buffer.from(owners[who]!.name), head: value.subarray(0, 1) }
          outbox.message(owners[who]!, place, value, 1, value.length, id, 0)
          // The chunk that a message came in is not its own for longer than the call.
          value.fill(0)
          if (pause === 0) await new Promise((resolve) => setImmediate(resolve))
        }
        expect(await outbox.drain(5_000)).toBe(true)
        owners.forEach(({ acknowledged }, i) => expect(acknowledged).toEqual(Array.from({ length: sent[i]! }, (_, k) => k + 1)))
        expect([outbox.messages, outbox.bytes, outbox.unavailable]).toEqual([0, 0, null])
      },
    ),
    { numRuns: 40, seed: 11 },
  )
})

it('a broker that is away is no reason to send the devices away before another one may have followed it; a full disk is at once', async () => {
  const time = { ms: 1_000 }
  let reason: LogUnavailable['reason'] | null = 'broker-away'
  const memory = openMemoryLog()
  const log: EventLog = {
    ...memory,
    async append(topic, records) {
      if (reason !== null) throw new LogUnavailable(reason, 'not now')
      await memory.append(topic, records)
    },
  }
  const who = owner('a')
  const outbox = createOutbox<Owner>({
    log,
    clock: { now: () => time.ms },
    logger: silentLogger,
    limits: { lingerMsMax: 0, batchRecordsMin: 1, observationsQueuedMax: 100, logStallMs: 15_000 },
    settled: () => {},
    durable: () => {},
  })
  const value = Buffer.from('a1')
  outbox.message(who, { partition: 0, key: Buffer.from('a'), head: value.subarray(0, 1) }, value, 1, value.length, 1, 0)
  await expect.poll(() => outbox.logErrors).toBeGreaterThan(0)
  time.ms += 14_000
  expect(outbox.unavailable).toBeNull()
  time.ms += 2_000
  expect(outbox.unavailable).toBe('broker-away')
  reason = 'disk-full'
  await expect.poll(() => outbox.unavailable).toBe('disk-full')
  reason = null
  expect(await outbox.drain(5_000)).toBe(true)
  expect(outbox.unavailable).toBeNull()
})

it('forgets the key that was not asked for longest, and never one in use', () => {
  const map = createRecentMap<{ key: string; used: boolean }>(
    3,
    (key) => ({ key, used: false }),
    ({ used }) => !used,
  )
  map.get('a').used = true
  map.get('b')
  map.get('c')
  map.get('b')
  map.get('d')
  expect([...map.values()].map(({ key }) => key)).toEqual(['b', 'a', 'd'])
})
