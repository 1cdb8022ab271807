import { expect, it } from 'vitest'
import { sparkPaths } from './spark-paths.ts'

it('a gap is a gap, the anomaly begins where the usual ends', () => {
  const { usual, anomaly } = sparkPaths([1, 1, null, 1, 9, 9], 4, 100, 20)
  expect(usual.match(/M/g)).toHaveLength(2)
  expect(anomaly.startsWith('M59.7 ')).toBe(true)
})
it('nothing known draws nothing; a flat line is in the middle; a lonely value is a dot', () => {
  expect(sparkPaths([null, null], null, 100, 20)).toEqual({ usual: '', anomaly: '' })
  expect(sparkPaths([5, 5], null, 100, 20).usual).toBe('M1.5 10.0L98.5 10.0')
  expect(sparkPaths([null, 5, null], null, 100, 20).usual).toBe('M50.0 10.0h.1')
})
