import { expect, it } from 'vitest'
import { firstOffsetOf } from './blob-offset.ts'
import { createLagEstimate } from './lag-estimate.ts'

it('is nothing at the end, and never nothing before it', () => {
  const lag = createLagEstimate()
  expect(lag.behind(10, firstOffsetOf(1), firstOffsetOf(1))).toBe(0)
  expect(lag.behind(10, firstOffsetOf(2), firstOffsetOf(3))).toBeGreaterThan(0)
})

it('counts records, not the width of the offsets', () => {
  const lag = createLagEstimate()
  let told = 0
  for (let blob = 1; blob <= 20; blob++) told = lag.behind(100, firstOffsetOf(blob), firstOffsetOf(1_000))
  expect(told).toBeGreaterThan(90_000)
  expect(told).toBeLessThan(110_000)
})

it('of blobs with one record each it is their number', () => {
  const lag = createLagEstimate()
  let told = 0
  for (let blob = 7; blob <= 30; blob++) told = lag.behind(1, firstOffsetOf(blob), firstOffsetOf(50))
  expect(told).toBe(20)
})
