import { expect, it } from 'vitest'
import { silentLogger } from '../contracts/logger.ts'
import { createEdgeTime } from './edge-time.ts'

const begin = () => {
  const clock = { ms: 1_000_000 }
  const told: object[] = []
  const time = createEdgeTime({ now: () => clock.ms }, { ...silentLogger, error: (fields) => void told.push(fields) })
  const startMs = time.elapsedMs()
  return { clock, told, time, passed: () => time.elapsedMs() - startMs }
}

it('stamps do not go back with a clock that is kept by small steps, and what has passed is all the same', () => {
  const { clock, told, time, passed } = begin()
  clock.ms += 500
  expect([time.stampMs(), passed()]).toEqual([1_000_500, 500])
  clock.ms -= 400
  expect([time.stampMs(), time.latestMs(), passed()]).toEqual([1_000_500, 1_000_500, 500])
  clock.ms += 300
  expect([time.stampMs(), passed()]).toEqual([1_000_500, 800])
  clock.ms += 300
  expect([time.stampMs(), passed()]).toEqual([1_000_700, 1_100])
  expect(told).toEqual([])
})

it('a clock that was a day ahead and is set right is followed: readings do not bear one time for a day, and no device runs out of its rate', () => {
  const { clock, told, time, passed } = begin()
  clock.ms += 86_400_000
  expect(time.stampMs()).toBe(87_400_000)
  clock.ms -= 86_400_000
  expect(time.stampMs()).toBe(1_000_000)
  expect(told).toEqual([{ backMs: 86_400_000 }])
  const before = passed()
  clock.ms += 2_000
  expect([time.stampMs(), passed() - before]).toEqual([1_002_000, 2_000])
  expect(told).toHaveLength(1)
})

it('the latest stamp is that of the last look at the clock, whoever looked', () => {
  const { clock, time } = begin()
  clock.ms += 10
  expect(time.latestMs()).toBe(1_000_000)
  time.elapsedMs()
  expect(time.latestMs()).toBe(1_000_010)
})
