import { expect, it } from 'vitest'
import { age, brief, clockTime, countdown, dayTime, duration, score, span, subjectText, unitText, whole } from './format.ts'

const minute = 60_000
const hour = 60 * minute

it('ages', () => expect([8_000, 11 * minute, 64 * minute, 50 * hour, -5].map(age)).toEqual(['8s', '11m', '1h 04', '2d 02h', '0s']))
it('countdowns, negative once they have run out', () =>
  expect([268_000, -247_000, 142 * minute, 76 * hour, 0].map(countdown)).toEqual(['04:28', '−04:07', '2:22h', '3d 04h', '00:00']))
it('spans', () => expect([3_000, 14 * minute, 5 * hour, 96 * hour].map(span)).toEqual(['3 s', '14 min', '5 h', '4 days']))
it('units as people write them, and of an address the part that differs', () =>
  expect([unitText('Cel'), unitText('1/10 s'), unitText('mmHg'), subjectText('address:10.6.6.9'), subjectText('pump-17')]).toEqual([
    '°C',
    'per 10 s',
    'mmHg',
    '10.6.6.9',
    'pump-17',
  ]))
it('numbers', () => {
  expect([18_432, 974.2, 12, 0.0412, 2_410, -7.25, 1.2e6, 0].map(brief)).toEqual([
    '18.4k',
    '974',
    '12',
    '0.041',
    '2,410',
    '−7.3',
    '1.2M',
    '0',
  ])
  expect([41_208, 999, -1_234].map(whole)).toEqual(['41,208', '999', '−1,234'])
  expect([0.97, 1, 0.5].map(score)).toEqual(['.97', '1.0', '.50'])
})
it('durations: what was not measured is no zero', () =>
  expect([null, 240, 1_300, 600_000].map(duration)).toEqual(['–', '240 ms', '1.3 s', '10 min']))
it('times of day, with the day when it is not today', () => {
  const at = new Date(2026, 10, 25, 10, 42, 8).getTime()
  expect(clockTime(at)).toBe('10:42:08')
  expect(dayTime(at, at + minute)).toBe('10:42:08')
  expect(dayTime(at, at + 48 * hour)).toBe('25 Nov 10:42')
  expect(dayTime(at, at + 100 * 24 * hour)).toBe('25 Nov 2026 10:42')
})
