import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAliveMinutes } from './alive-minutes.ts'

const minute = 60_000

it('knows exactly the minutes that were added, in whatever order they came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 60 })),
      fc.nat({ max: 70 }),
      fc.nat({ max: 20 }),
      fc.constantFrom(1, 2, 3, 5),
      (added, from, length, step) => {
        const alive = createAliveMinutes()
        for (const each of added) alive.add(each * minute + (each % 7) * 1_000)
        const known = new Set(added)
        const range = { from: from * minute, to: (from + length) * minute }
        const within = Array.from({ length }, (_, i) => from + i).filter((each) => known.has(each))
        expect(alive.isAlive(range)).toBe(within.length > 0)
        expect(alive.firstIn(range)).toBe(within.length > 0 ? within[0]! * minute : null)
        const buckets = new Set(within.map((each) => Math.floor(each / step)))
        expect(alive.bucketsAlive(range, step * minute)).toBeGreaterThanOrEqual(buckets.size)
        if (from % step === 0 && length % step === 0) expect(alive.bucketsAlive(range, step * minute)).toBe(buckets.size)
      },
    ),
  )
})

it('tells buckets finer than a minute by the minute that they lie in', () => {
  const alive = createAliveMinutes()
  alive.load([[10 * minute, 11 * minute]])
  expect(alive.isAlive({ from: 11 * minute + 50_000, to: 12 * minute })).toBe(true)
  expect(alive.isAlive({ from: 12 * minute, to: 12 * minute + 10_000 })).toBe(false)
  expect(alive.isAlive({ from: 10 * minute - 10_000, to: 10 * minute })).toBe(false)
  expect(alive.bucketsAlive({ from: 0, to: 60 * minute }, 10_000)).toBe(12)
  expect(alive.bucketsAlive({ from: 10 * minute + 30_000, to: 11 * minute }, 10_000)).toBe(3)
})

it('says of a range without an extent that nothing is in it, though a stretch lies around it', () => {
  const alive = createAliveMinutes()
  alive.load([[5 * minute, 6 * minute]])
  for (const at of [6 * minute, 6 * minute + 1_000]) {
    expect(alive.isAlive({ from: at, to: at })).toBe(false)
    expect(alive.firstIn({ from: at, to: at })).toBeNull()
    expect(alive.bucketsAlive({ from: at, to: at }, 5 * minute)).toBe(0)
  }
})
