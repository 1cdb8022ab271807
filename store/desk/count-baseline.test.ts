import { expect, it } from 'vitest'
import { bandOver } from './band.ts'
import { countLearned, countLevels } from './count-baseline.ts'

const hour = 3_600_000
const bucketMs = 10_000
const always = (value: number): number[] => countLevels.map(() => value)
const everAlive = { bucketMs, from: null, before: hour, bucketsAlive: (from: number, to: number) => (to - from) / bucketMs }

it('buckets without a row are zeros as far as the pipeline lived', () => {
  expect(countLearned([360, 0, 359, always(2)], everAlive).baseline).toMatchObject({ overall: [2, 2], from: 0, to: hour })
  // 2 of 100 were empty: more than 1 %.
  expect(countLearned([353, 0, 359, always(2)], everAlive).baseline).toMatchObject({ overall: [0, 2] })
  expect(countLearned([353, 0, 359, always(2)], { ...everAlive, bucketsAlive: () => 353 }).baseline).toMatchObject({ overall: [2, 2] })
})

it('never heard of is no baseline, unless it is known that nothing came', () => {
  const nothing = [0, 0, 0, countLevels.map(() => null)] as const
  expect(countLearned(nothing, everAlive)).toEqual({ minutes: 0, baseline: null })
  expect(countLearned(nothing, { ...everAlive, from: 0 }).baseline).toMatchObject({ overall: [0, 0] })
  expect(countLearned(nothing, { ...everAlive, from: hour - 300_000 })).toEqual({ minutes: 5, baseline: null })
})

it('says how long the baseline is, and how far learning has come', () => {
  const of = (minutes: number): string | undefined =>
    bandOver([0], 1_000, { minutes, baseline: { overall: [0, 1], byHour: null, from: 0, to: minutes * 60_000 } }).band?.of
  expect([of(25), of(180), of(14 * 1_440)]).toEqual([
    '25 min baseline, p1\u2013p99', '3 h baseline, p1\u2013p99', '14-day baseline, p1\u2013p99',
  ]) // prettier-ignore
  expect(bandOver([0], 1_000, { minutes: 3, baseline: null })).toEqual({ band: null, learning: 'Learning, 3 of 10 min' })
})

it('by the hour the band goes over from one hour into the next', () => {
  const byHour = Array.from({ length: 24 }, (_, i) => [i, i + 100] as const)
  const learned = { minutes: 9_999, baseline: { overall: [0, 0] as const, byHour, from: 0, to: 5 * 24 * hour } }
  const { band } = bandOver([12.5 * hour, 13 * hour, 0], 0, learned)
  expect(band).toEqual({ low: [12, 12.5, 11.5], high: [112, 112.5, 111.5], of: '5-day baseline, p1\u2013p99 by hour' })
})
