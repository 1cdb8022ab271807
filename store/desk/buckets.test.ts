import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addTo, bucketFor, emptyPoints, gathered, pointsMax, usualIntervalMs, withoutFalseGaps } from './buckets.ts'

const day = 86_400_000

it('no range of up to 31 days has more points than the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: 1, max: 31 * day }), (from, length) => {
      const range = { from, to: from + length }
      expect(emptyPoints(range, bucketFor(range)).counts.length).toBeLessThanOrEqual(pointsMax)
    }),
  )
})

it('gathering keeps counts, sums and extremes', () => {
  const sizes = [1_000, 2_000, 10_000, 30_000, 60_000, 120_000, 600_000] as const
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 299 }), fc.integer({ min: -50, max: 50 }))), fc.nat({ max: 6 }), (values, coarse) => {
      const points = emptyPoints({ from: 7_000, to: 307_000 }, 1_000)
      for (const [at, value] of values) addTo(points, 7 + at, 1, value, value, value)
      const into = gathered(points, sizes[coarse]!)
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
      expect([sum(into.counts), sum(into.sums)]).toEqual([values.length, sum(values.map(([, value]) => value))])
      if (values.length === 0) return
      const held = into.counts.map((count, i) => [count, into.lows[i]!, into.highs[i]!] as const).filter(([count]) => count > 0)
      expect(Math.min(...held.map(([, low]) => low))).toBe(Math.min(...values.map(([, value]) => value)))
      expect(Math.max(...held.map(([, , high]) => high))).toBe(Math.max(...values.map(([, value]) => value)))
    }),
  )
})

it('a steady rhythm leaves no empty bucket, and a pause does', () => {
  const points = emptyPoints({ from: 0, to: 3_600_000 }, 2_000)
  for (let at = 0; at < 3_600_000; at += 45_000) if (at < 1_800_000 || at >= 2_400_000) addTo(points, Math.floor(at / 2_000), 1, 1, 1, 1)
  expect(Math.abs(usualIntervalMs(points)! - 45_000)).toBeLessThanOrEqual(points.bucketMs)
  const shown = withoutFalseGaps(points, 2)
  expect(shown.bucketMs).toBe(120_000)
  const empty = shown.counts.map((count, i) => (count === 0 ? i * shown.bucketMs : -1)).filter((at) => at >= 0)
  expect(empty).toEqual([1_800_000, 1_920_000, 2_040_000, 2_160_000, 2_280_000])
})
