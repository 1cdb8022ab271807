import { expect, it } from 'vitest'
import { compareOnce, compareReadings } from './compare.ts'

it('a reading that is missing, there twice or that nobody sent is told; one that was sent and never acknowledged may be there or not', () => {
  const devices = [
    { device: 'a', acknowledged: new Set([1, 2]), sent: () => 3 },
    { device: 'b', acknowledged: new Set([1]), sent: () => 1 },
  ]
  const well: readonly (readonly [string, readonly number[]])[] = [
    ['a', [2, 1]],
    ['b', [1]],
  ]
  expect(compareReadings(devices, new Map(well))).toEqual({ missing: [], doubled: [], strange: [] })
  expect(compareReadings(devices, new Map([...well, ['a', [1, 2, 3]]]))).toEqual({ missing: [], doubled: [], strange: [] })
  expect(compareReadings(devices, new Map([['a', [1, 1, 4]]]))).toEqual({
    missing: ['a/2', 'b/1'],
    doubled: ['a/1'],
    strange: ['a/4'],
  })
  expect(compareReadings(devices, new Map([...well, ['ghost', [1]]])).strange).toEqual(['ghost'])
})

it('each row has to be there once', () => {
  expect(compareOnce(['x', 'y'], ['y', 'x'])).toEqual([])
  expect(compareOnce(['x', 'y'], ['x', 'x', 'z'])).toEqual(['again: x', 'not expected: z', 'missing: y'])
})
