import { expect, it } from 'vitest'
import { advanceTime, startOfTime } from './record-time.ts'

const gapMs = 5_000

it('the watermark is the largest time seen, and never goes back', () => {
  const time = startOfTime()
  expect([advanceTime(time, 100, false, gapMs), advanceTime(time, 90, true, gapMs), advanceTime(time, 100, false, gapMs)]).toEqual([
    true,
    false,
    false,
  ])
  expect(time.watermarkMs).toBe(100)
})

it('a message of the far future moves time no further than the gap, and a clock record mends it', () => {
  const time = startOfTime()
  advanceTime(time, 1_000, true, gapMs)
  advanceTime(time, 9_999_999_999, false, gapMs)
  expect(time.watermarkMs).toBe(6_000)
  advanceTime(time, 2_000, true, gapMs)
  expect(time).toEqual({ watermarkMs: 6_000, lastClockMs: 2_000, outageEndedAtMs: 6_000 })
})

it('clock records five seconds apart are no outage, further apart they are', () => {
  const time = startOfTime()
  for (const at of [1_000, 6_000, 11_000]) advanceTime(time, at, true, gapMs)
  expect(time.outageEndedAtMs).toBe(0)
  advanceTime(time, 16_001, true, gapMs)
  expect(time).toEqual({ watermarkMs: 16_001, lastClockMs: 16_001, outageEndedAtMs: 16_001 })
})

it('a message that comes before the first clock record after an outage already ends it', () => {
  const time = startOfTime()
  advanceTime(time, 1_000, true, gapMs)
  advanceTime(time, 60_000, false, gapMs)
  expect(time).toMatchObject({ watermarkMs: 6_000, outageEndedAtMs: 6_000 })
  advanceTime(time, 60_400, true, gapMs)
  expect(time).toEqual({ watermarkMs: 60_400, lastClockMs: 60_400, outageEndedAtMs: 60_400 })
})

it('without any clock record nothing is known of outages', () => {
  const time = startOfTime()
  advanceTime(time, 1_000, false, gapMs)
  advanceTime(time, 100_000_000, false, gapMs)
  expect(time).toEqual({ watermarkMs: 100_000_000, lastClockMs: 0, outageEndedAtMs: 0 })
})
