import { expect, it } from 'vitest'
import { addTo, emptyPoints, gathered } from './buckets.ts'
import { countedPlot } from './plot.ts'

const counted = (to: number, counts: readonly number[], coarser = 10_000) => {
  const points = emptyPoints({ from: 0, to }, 10_000)
  for (const [i, count] of counts.entries()) addTo(points, i, count, count, count, count)
  const plot = { id: 'readings', title: 'Readings', unit: 'per 10 s', role: 'primary', learned: null, anomaly: null } as const
  return countedPlot({ ...plot, points: gathered(points, coarser) }, { isAlive: () => true })
}

it('a count that has only begun was drawn as a fall: it comes when it has no less than the one before', () => {
  expect(counted(32_000, [10, 10, 10, 2])).toMatchObject({ times: [0, 10_000, 20_000], values: [10, 10, 10], high: [10, 10, 10] })
  expect(counted(30_500, [10, 10, 10, 0]).values).toEqual([10, 10, 10])
  // A whole bucket is what it is, and a flood need not wait.
  expect(counted(40_000, [10, 10, 10, 2]).values).toEqual([10, 10, 10, 2])
  expect(counted(32_000, [10, 10, 10, 80]).values).toEqual([10, 10, 10, 80])
  expect(counted(32_000, [0, 0, 0, 0]).values).toEqual([0, 0, 0, 0])
  expect(counted(32_000, [10, 10, 10, 2], 30_000).values).toEqual([30])
  expect(counted(2_000, [2]).values).toEqual([2])
})
