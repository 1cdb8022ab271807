import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, it, vi } from 'vitest'
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
            lingerBusyMsMax: 8,
            busyRecordsMin: 2,
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
          outbox.message(owners[who]!, { key: owners[who]!.name, value, partition }, id, 0)
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

it('a busy edge waits on while messages keep coming, and flushes them together when they stop', async () => {
  const flushes: number[] = []
  const memory = openMemoryLog()
  const outbox = createOutbox<Owner>({
    log: {
      ...memory,
      append(topic, records) {
        flushes.push(records.length)
        return memory.append(topic, records)
      },
    },
    clock: systemClock,
    logger: silentLogger,
    limits: {
      lingerMsMax: 2,
      lingerBusyMsMax: 100,
      busyRecordsMin: 2,
      batchRecordsMin: 100,
      observationsQueuedMax: 100,
      logStallMs: 1_000,
    },
    settled: () => {},
    durable: (who) => {
      who.acksFlying.length = who.flying = 0
      allDurable()
    },
  })
  let allDurable = (): void => {}
  const sent = async (count: number): Promise<number[]> => {
    const durable = new Promise<void>((resolve) => (allDurable = resolve))
    const device = owner('a')
    for (let i = 0; i < count; i++) outbox.message(device, { key: 'a', value: Buffer.from(`${i}`), partition: 0 }, i, 0)
    // The linger of a few ends by itself; that of many sees its messages once more before it knows that they have stopped.
    await durable
    return flushes.splice(0)
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const few = sent(1)
    await vi.advanceTimersByTimeAsync(2)
    expect(await few).toEqual([1])

    const many = sent(3)
    await vi.advanceTimersByTimeAsync(2)
    expect(flushes).toEqual([])
    outbox.message(owner('b'), { key: 'b', value: Buffer.from('more'), partition: 0 }, 9, 0)
    await vi.advanceTimersByTimeAsync(4)
    expect(flushes).toEqual([])
    await vi.advanceTimersByTimeAsync(4)
    expect(await many).toEqual([4])

    // However long they keep coming, the first of them waits no longer than that.
    const steady = sent(2)
    for (let ms = 0; ms < 100; ms += 2) {
      expect(flushes).toEqual([])
      outbox.message(owner('c'), { key: 'c', value: Buffer.from('more'), partition: 0 }, 1, 0)
      await vi.advanceTimersByTimeAsync(2)
    }
    expect(await steady).toEqual([52])
  } finally {
    vi.useRealTimers()
  }
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
