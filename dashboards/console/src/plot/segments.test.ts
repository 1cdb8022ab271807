import { describe, expect, it } from 'vitest'
import type { Signal } from '../../../../contracts/api/alerts.ts'
import { columnsOf, hasSpread, zoomed } from './segments.ts'

const signal = (change: Partial<Signal>): Signal => {
  const values = change.values ?? [1, 1, 1]
  return {
    id: 's',
    title: 'S',
    unit: '1',
    role: 'primary',
    bucketMs: 1_000,
    times: values.map((_, at) => at * 1_000),
    values,
    low: values,
    high: values,
    band: null,
    learning: null,
    anomaly: null,
    ...change,
  }
}
const band = (length: number, low: number, high: number) => ({
  low: Array<number>(length).fill(low),
  high: Array<number>(length).fill(high),
  of: 'before',
})

describe('what is outside of the band', () => {
  it('is drawn with the points that lead to and from it', () =>
    expect(columnsOf(signal({ values: [1, 1, 9, 9, 1, 1], band: band(6, 0, 2) })).outside).toEqual([null, 1, 9, 9, 1, null]))
  it('without a band it is the anomaly', () =>
    expect(columnsOf(signal({ values: [1, 1, 9, 9], anomaly: { from: 2_000, to: null } })).outside).toEqual([null, 1, 9, 9]))
  it('a value on the edge is inside', () =>
    expect(columnsOf(signal({ values: [2, 0], band: band(2, 0, 2) })).outside).toEqual([null, null]))
})

describe('missing data', () => {
  it('a null is a gap, hatched from the last known point to the next', () => {
    const columns = columnsOf(signal({ values: [1, null, null, 1] }))
    expect(columns.observed).toEqual([1, null, null, 1])
    expect(columns.gaps).toEqual([{ from: 0, to: 3 }])
  })
  it('times too far apart are a gap too, never a joined line', () => {
    const columns = columnsOf(signal({ values: [1, 1, 1], times: [0, 1_000, 9_000] }))
    expect(columns.observed).toEqual([1, 1, null, 1])
    expect(columns.gaps).toEqual([{ from: 1, to: 9 }])
  })
  it('an anomaly does not lead over a gap', () =>
    expect(columnsOf(signal({ values: [1, 9], times: [0, 9_000], band: band(2, 0, 2) })).outside).toEqual([null, null, 9]))
  it('silence up to the end is hatched', () => {
    expect(columnsOf(signal({ values: [1, null, null] })).gaps).toEqual([{ from: 0, to: 2 }])
  })
})

it('extremes are drawn only where they say more than the mean', () => {
  expect(hasSpread(signal({}))).toBe(false)
  expect(hasSpread(signal({ high: [1, 2, 1] }))).toBe(true)
})
it('zoom keeps the middle, ends at now, and never gets shorter than half a minute', () => {
  expect(zoomed({ from: 0, to: 400_000 }, 0.5, 1_000_000)).toEqual({ from: 100_000, to: 300_000 })
  expect(zoomed({ from: 0, to: 400_000 }, 2, 400_000)).toEqual({ from: -400_000, to: 400_000 })
  expect(zoomed({ from: 0, to: 10_000 }, 0.5, 400_000)).toEqual({ from: -10_000, to: 20_000 })
})

it('zooming goes in on the anomaly at the end of the range, which left the picture at the second key', () => {
  const now = 3_600_000
  const about = 3_300_000
  let range = { from: 0, to: now }
  for (let i = 0; i < 4; i++) {
    range = zoomed(range, 0.5, now, about)
    expect(range.from < about && about < range.to).toBe(true)
  }
  expect(zoomed({ from: 0, to: 400_000 }, 0.5, now, about)).toEqual({ from: 100_000, to: 300_000 })
  expect(zoomed({ from: 0, to: 400_000 }, 2, now, 390_000)).toEqual({ from: -200_000, to: 600_000 })
})
