import { expect, it } from 'vitest'
import type { Logger } from '../../contracts/logger.ts'
import { createClockWatch } from './clock-watch.ts'
import { createProducerLanes } from './producer-lanes.ts'

const brokerMs = 1_795_000_000_000

const begin = () => {
  const steady = { ms: 1_000 }
  const said: string[] = []
  const say = (_: object, text: string): void => void said.push(text)
  const logger: Logger = { debug: say, info: say, warn: say, error: say }
  return { steady, said, watch: createClockWatch(logger, () => steady.ms) }
}

it.each([
  ['in between: no difference is certain', -20, 30, 0],
  ['so long under way that nothing is known', -60_000, 10, 0],
  ['sent after the broker had it: ahead by that', 86_400_000, 86_400_030, 86_400_000],
  ['answered before the broker had it: behind by that', -3_600_020, -3_600_000, -3_600_000],
])('%s', (_, sent, answered, ahead) => {
  const { watch } = begin()
  watch.heard('a/0', brokerMs + sent, brokerMs + answered, brokerMs)
  expect(watch.aheadMs()).toBe(ahead)
})

it('says once that the clocks differ, and once that they agree again', () => {
  const { steady, said, watch } = begin()
  const heard = (partition: string, ms: number): void => watch.heard(partition, brokerMs + ms, brokerMs + ms + 5, brokerMs)
  heard('a/0', 900)
  heard('a/0', 6_000)
  heard('a/1', 7_000)
  expect(watch.aheadMs()).toBe(7_000)
  heard('a/1', 0)
  expect([watch.aheadMs(), said]).toEqual([6_000, ["this machine's clock and Kafka's differ: one of them is wrong"]])
  heard('a/0', 0)
  expect(said.slice(1)).toEqual(["this machine's clock and Kafka's agree again"])
  // One partition's broker has a clock of its own, and is not heard of any more.
  heard('b/0', -9_000)
  steady.ms += 30_001
  heard('a/0', 0)
  expect(said.slice(2)).toEqual(said.slice(0, 2))
})

it("a batch that an earlier attempt had written does not make the clock look ahead: the broker tells that attempt's time", async () => {
  const { watch } = begin()
  const clock = { ms: brokerMs }
  const outcomes = [
    { ok: false, maybeWritten: true, failure: { kind: 'away', message: '' } },
    { ok: true, appendedAtMs: brokerMs },
    { ok: true, appendedAtMs: brokerMs },
  ] as const
  let sent = 0
  const producer = { send: () => Promise.resolve(outcomes[sent++]!), close: () => Promise.resolve() }
  const lane = createProducerLanes({
    client: { openProducer: () => producer },
    sharedProducers: 1,
    clock: { now: () => clock.ms },
    clockWatch: watch,
  }).lane('a', 0)
  await lane.send([])
  clock.ms += 60_000
  await lane.send([])
  expect(watch.aheadMs()).toBe(0)
  await lane.send([])
  expect(watch.aheadMs()).toBe(60_000)
})
