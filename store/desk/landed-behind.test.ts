import { afterEach, expect, it } from 'vitest'
import { encodeClock, encodeObservation } from '../../contracts/envelope.ts'
import { LogUnavailable, type EventLog } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { openMemoryLog } from '../../stream/memory-log.ts'
import { writePositions } from '../landing/positions.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'
import { followLandedBehind } from './landed-behind.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

const topic = 'observations.by-source.v1'
const partition = 2

const opened = async (storeAway = false, askedMsMax = 5_000) => {
  const home = temporaryDirectory()
  ends.push(async () => home.remove())
  const store = await openedStore(home.path)
  ends.push(() => store.close())
  const log = openMemoryLog()
  ends.push(() => log.close())
  const clock = { at: 100_000, now: () => clock.at }
  const state = { storeAway, storeHangs: false, questions: 0, logAway: false }
  const query = new Proxy(store.query, {
    get(target, name, receiver) {
      if (state.storeAway && name === 'query') return () => Promise.reject(new Error('ClickHouse is away'))
      if (state.storeHangs && name === 'query')
        return () => {
          state.questions++
          return new Promise(() => {})
        }
      return Reflect.get(target, name, receiver) as unknown
    },
  })
  const ranges: EventLog['ranges'] = (topics) =>
    state.logAway ? Promise.reject(new LogUnavailable('broker-away', 'Kafka is away')) : log.ranges(topics)
  const behind = followLandedBehind({
    log: { ranges, read: log.read },
    store: { query },
    clock,
    logger: silentLogger,
    lookMs: 10,
    askedMsMax,
  })
  ends.push(() => behind.close())
  const observed = (at: number) => log.append(topic, [{ key: 'a', partition, value: encodeObservation({ receivedAt: at }) }])
  const landed = async (): Promise<void> => {
    const { next } = (await log.ranges([topic])).find((range) => range.partition === partition)!
    await writePositions(store, [{ topic, partition, nextOffset: next }], '2026-11-25 14:00:00.000', { token: 'x', beginBy: null })
  }
  return { log, clock, state, behind, observed, landed }
}

it('is the age of the oldest observation that has not landed, and nothing once it has', async () => {
  const { clock, behind, observed, landed } = await opened()
  expect(behind.behindMs()).toBe(null)
  await observed(40_000)
  await observed(90_000)
  await expect.poll(() => behind.behindMs()).toBe(60_000)
  clock.at += 7_000
  expect(behind.behindMs()).toBe(67_000)
  await landed()
  await expect.poll(() => behind.behindMs()).toBe(null)
  await observed(clock.at - 1_000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(behind.behindMs()).toBe(null)
})

it('while ClickHouse holds its connections and says nothing history grows old: it had been seen after a minute', async () => {
  const { clock, state, behind, observed, landed } = await opened(false, 30)
  await observed(40_000)
  await expect.poll(() => behind.behindMs()).toBe(60_000)
  await landed()
  await expect.poll(() => behind.behindMs()).toBe(null)
  state.storeHangs = true
  await observed(99_500)
  clock.at += 20_000
  await expect.poll(() => behind.behindMs()).toBe(20_500)
  state.storeHangs = false
  await landed()
  await expect.poll(() => behind.behindMs()).toBe(null)
})

it('closes at once while ClickHouse says nothing', async () => {
  const { state, behind } = await opened(false, 3_600_000)
  state.storeHangs = true
  await expect.poll(() => state.questions).toBe(1)
  await behind.close()
  expect(state.questions).toBe(1)
})

it('what is read by detectors only is nothing to be behind of: it never lands', async () => {
  const { log, behind, observed } = await opened()
  await log.append('observations.by-cohort.v1', [{ key: 'a', partition: 0, value: encodeObservation({ receivedAt: 1_000 }) }])
  await observed(70_000)
  await expect.poll(() => behind.behindMs()).toBe(30_000)
})

it('clock records are nothing to be behind of', async () => {
  const { log, behind, observed } = await opened()
  for (let at = 1_000; at < 60_000; at += 1_000) await log.append(topic, [{ key: 'edge', partition, value: encodeClock('edge', at) }])
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(behind.behindMs()).toBe(null)
  await observed(70_000)
  await expect.poll(() => behind.behindMs()).toBe(30_000)
})

it('grows while ClickHouse is away, stays what it was while the log is, and goes on by itself', async () => {
  const { clock, state, behind, observed, landed } = await opened()
  await observed(90_000)
  await expect.poll(() => behind.behindMs()).toBe(10_000)
  await landed()
  await expect.poll(() => behind.behindMs()).toBe(null)
  state.storeAway = true
  await observed(100_000)
  clock.at = 160_000
  await expect.poll(() => behind.behindMs()).toBe(60_000)
  state.logAway = true
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(behind.behindMs()).toBe(60_000)
  state.storeAway = state.logAway = false
  await landed()
  await expect.poll(() => behind.behindMs()).toBe(null)
})

it('is told from the start of the desk on when ClickHouse has not been heard since', async () => {
  const { clock, state, behind, observed } = await opened(true)
  await observed(90_000)
  clock.at += 30_000
  await expect.poll(() => behind.behindMs()).toBe(30_000)
  state.storeAway = false
  await expect.poll(() => behind.behindMs()).toBe(40_000)
})
