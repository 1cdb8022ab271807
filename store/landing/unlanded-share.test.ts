import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { PartitionRange } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { unlandedShareOf, watchUnlandedShare } from './unlanded-share.ts'

const range = (partition: number, earliest: number, next: number): PartitionRange => ({
  topic: 'observations.by-device.v1',
  partition,
  earliest,
  next,
})
const at = (...positions: (number | null)[]): Record<string, number> =>
  Object.fromEntries(positions.flatMap((position, i) => (position === null ? [] : [[`observations.by-device.v1/${i}`, position]])))

it.each([
  ['all has landed', [range(0, 100, 200)], at(200), 0],
  ['a quarter has not', [range(0, 100, 200)], at(175), 0.25],
  ['retention has come as far as what has landed', [range(0, 100, 200)], at(100), 1],
  ['retention has taken what had not', [range(0, 100, 200)], at(40), 1],
  ['the partition that is worst off counts', [range(0, 100, 200), range(1, 1_000, 2_000)], at(190, 1_400), 0.6],
  ['of a log that was never cut nothing is known', [range(0, 0, 200)], at(10), 0],
  ["another sink's partition", [range(0, 100, 200), range(1, 100, 200)], at(150, null), 0.5],
  ['an empty one', [range(0, 100, 100)], at(100), 0],
])('%s', (_, ranges, positions, share) => expect(unlandedShareOf(ranges, positions)).toBe(share))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('the log is asked while history is behind, and an answer that does not come leaves what was known', async () => {
  let behind = false
  const asked: (readonly string[])[] = []
  let ranges: () => Promise<readonly PartitionRange[]> = async () => [range(0, 100, 200)]
  const watch = watchUnlandedShare({
    log: {
      ranges: (topics) => {
        asked.push(topics)
        return ranges()
      },
    },
    topics: ['observations.by-device.v1', 'cases.v1'],
    positions: () => at(120),
    isBehind: () => behind,
    logger: silentLogger,
  })
  await vi.advanceTimersByTimeAsync(60_000)
  expect([watch.share(), asked]).toEqual([0, []])
  behind = true
  await vi.advanceTimersByTimeAsync(30_000)
  expect([watch.share(), asked]).toEqual([0.8, [['observations.by-device.v1']]])
  ranges = () => Promise.reject(new Error('away'))
  await vi.advanceTimersByTimeAsync(30_000)
  ranges = () => new Promise(() => {})
  await vi.advanceTimersByTimeAsync(90_000)
  expect([watch.share(), asked.length]).toEqual([0.8, 3])
  behind = false
  await vi.advanceTimersByTimeAsync(30_000)
  expect(watch.share()).toBe(0)
  watch.close()
  expect(vi.getTimerCount()).toBe(0)
})
