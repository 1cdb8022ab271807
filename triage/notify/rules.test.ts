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
