import fc from 'fast-check'
import { expect, it } from 'vitest'
import { randomFor } from './prng.ts'

const draw = (count: number, seed: number, ...labels: string[]): number[] => {
  const random = randomFor(seed, ...labels)
  return Array.from({ length: count }, () => random.next())
}

it('the same seed and labels give the same stream, other labels another one', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.string(), (seed, a, b) => {
      expect(draw(5, seed, a)).toEqual(draw(5, seed, a))
      if (a !== b) expect(draw(5, seed, a)).not.toEqual(draw(5, seed, b))
      expect(draw(5, seed, a)).not.toEqual(draw(5, seed + 1, a))
    }),
  )
})

it('a stream is pinned: fleets of an earlier day can be made again', () => {
  expect(draw(3, 42, 'mon-0001')).toEqual([0.7412997875362635, 0.41900769411586225, 0.9533207195345312])
})

it('its numbers are spread as they should be', () => {
  const random = randomFor(7, 'spread')
  const count = 20_000
  const normals = Array.from({ length: count }, () => random.normal(10, 2))
  const mean = normals.reduce((a, b) => a + b, 0) / count
  const deviation = Math.sqrt(normals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count)
  const waits = Array.from({ length: count }, () => random.exponential(30)).reduce((a, b) => a + b, 0) / count
  const buckets = new Array<number>(10).fill(0)
  for (let i = 0; i < count; i++) buckets[random.integer(0, 9)]!++
  expect(Math.abs(mean - 10)).toBeLessThan(0.06)
  expect(Math.abs(deviation - 2)).toBeLessThan(0.05)
  expect(Math.abs(waits - 30)).toBeLessThan(1)
  for (const bucket of buckets) expect(Math.abs(bucket - count / 10)).toBeLessThan(200)
})
