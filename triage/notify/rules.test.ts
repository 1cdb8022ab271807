import { describe, expect, it } from 'vitest'
import type { PagingRule } from '../../contracts/api/paging.ts'
import { hourIn, isInHours, rulesProblem } from './rules.ts'
import { ruleOf } from './testing/pager.ts'

describe('hours are of the place', () => {
  it('at the zone, in winter and summer, and at midnight', () => {
    const berlin = hourIn('Europe/Berlin')
    expect(berlin(Date.UTC(2026, 0, 5, 12, 30))).toBe(13)
    expect(berlin(Date.UTC(2026, 6, 6, 12, 30))).toBe(14)
    expect(berlin(Date.UTC(2026, 0, 5, 23))).toBe(0)
    expect(hourIn('Asia/Kathmandu')(Date.UTC(2026, 0, 5, 18, 14))).toBe(23)
    expect(() => hourIn('Mars/Olympus')).toThrow(RangeError)
  })

  const quarterMs = 900_000
  const hoursOn = (zone: string, fromUtc: number, hours: PagingRule['hours'], quarters = 96): number => {
    const hourAt = hourIn(zone)
    return Array.from({ length: quarters }, (_, i) => isInHours(hours, hourAt(fromUtc + i * quarterMs))).filter(Boolean).length / 4
  }
  it.each([
    ['clocks go forward in Berlin: 2 o’clock is not there', 'Europe/Berlin', Date.UTC(2026, 2, 28, 23), { from: 2, to: 3 }, 0],
    ['clocks go forward in Berlin: the night is an hour shorter', 'Europe/Berlin', Date.UTC(2026, 2, 28, 11), { from: 22, to: 6 }, 7],
    ['clocks go back in Berlin: 2 o’clock is there twice', 'Europe/Berlin', Date.UTC(2026, 9, 24, 22), { from: 2, to: 3 }, 2],
    ['clocks go back in Berlin: the night is an hour longer', 'Europe/Berlin', Date.UTC(2026, 9, 24, 10), { from: 22, to: 6 }, 9],
    ['clocks go back half an hour on Lord Howe', 'Australia/Lord_Howe', Date.UTC(2026, 3, 4, 13), { from: 1, to: 2 }, 1.5],
    ['a place without summer time', 'Asia/Kolkata', Date.UTC(2026, 2, 28, 18, 30), { from: 22, to: 6 }, 8],
  ] as const)('%s', (_what, zone, fromUtc, hours, expected) => expect(hoursOn(zone, fromUtc, hours)).toBe(expected))
  it.each([Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24)])('two shifts leave no moment to nobody when clocks change: from %i', (fromUtc) => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'])
      expect(hoursOn(zone, fromUtc, { from: 7, to: 19 }, 288) + hoursOn(zone, fromUtc, { from: 19, to: 7 }, 288)).toBe(72)
  })

  const table: readonly (readonly [number, number, readonly number[], readonly number[]])[] = [
    [8, 18, [8, 12, 17], [7, 18, 0]],
    [20, 8, [20, 23, 0, 7], [8, 19]],
    [0, 24, [0, 23], []],
    [22, 0, [22, 23], [0, 21]],
    [24, 6, [0, 5], [6, 23]],
  ]
  for (const [from, to, inside, outside] of table)
    it(`${from} to ${to}`, () => {
      for (const hour of inside) expect(isInHours({ from, to }, hour)).toBe(true)
      for (const hour of outside) expect(isInHours({ from, to }, hour)).toBe(false)
    })
})

describe('what is wrong with rules is told', () => {
  const known = [{ id: 'night' }, { id: 'chief' }]
  const steps = (...afterMinutes: number[]) => afterMinutes.map((minutes) => ({ notifiers: ['night'], afterMinutes: minutes }))
  const table: Record<string, [readonly PagingRule[], RegExp | null]> = {
    'nothing, of none': [[], null],
    'nothing, of two': [[ruleOf('a'), ruleOf('b', { steps: steps(0, 5, 10), hours: { from: 22, to: 0 } })], null],
    'two of one name': [[ruleOf('a'), ruleOf('a')], /two rules/],
    'a stranger': [[ruleOf('a', { steps: [{ notifiers: ['nobody'], afterMinutes: 0 }] })], /no notifier nobody/],
    'a first step that waits': [[ruleOf('a', { steps: steps(5) })], /first step/],
    'steps out of order': [[ruleOf('a', { steps: steps(0, 10, 10) })], /step 3/],
    'twice in a step': [[ruleOf('a', { steps: [{ notifiers: ['night', 'night'], afterMinutes: 0 }] })], /twice/],
    'no time of the day': [[ruleOf('a', { hours: { from: 8, to: 8 } })], /no time/],
    'no time of the day around midnight': [[ruleOf('a', { hours: { from: 24, to: 0 } })], /no time/],
    'no severity': [[ruleOf('a', { severities: [] })], /not rules/],
    'too long': [
      Array.from({ length: 50 }, (_, i) => ruleOf(`r${i}`, { sites: Array.from({ length: 100 }, () => 'ß'.repeat(128)) })),
      /too long/,
    ],
  }
  for (const [name, [rules, problem]] of Object.entries(table))
    it(name, () => {
      if (problem === null) expect(rulesProblem(rules, known)).toBeNull()
      else expect(rulesProblem(rules, known)).toMatch(problem)
    })
})
