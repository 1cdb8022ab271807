import { expect, it } from 'vitest'
import type { AlertSummary } from '../../../../contracts/api/alerts.ts'
import { alertWith } from './alert.fixture.ts'
import { countsAfter } from './counts-after.ts'

const summary: AlertSummary = {
  tabs: { triage: 3, mine: 1, snoozed: 0, closed: 9 },
  severities: { critical: 1, high: 2, medium: 0, low: 0 },
  pastDue: 0,
  histogram: [],
  lastAlertAt: null,
  suppressed: { active: 0, hidden: 0 },
  devices: { enrolled: 1, reporting: 1 },
  sequence: 10,
}
const before = alertWith({ id: 'a', sequence: 9, owner: 'rosa' })
const snoozed = { ...before, state: 'snoozed' as const, sequence: 11 }

it('an alert that is snoozed moves from tab to tab', () =>
  expect(countsAfter(summary, before, snoozed, 'rosa', false)).toMatchObject({
    tabs: { triage: 2, mine: 0, snoozed: 1, closed: 9 },
    severities: { critical: 1, high: 1, medium: 0, low: 0 },
  }))
it('and back, when it is taken back', () => {
  const there = countsAfter(summary, before, snoozed, 'rosa', true)!
  expect(countsAfter(there, snoozed, before, 'rosa', true)).toEqual(summary)
})
it('what the platform has counted already is not counted twice', () =>
  expect(countsAfter({ ...summary, sequence: 11 }, before, snoozed, 'rosa', false)).toBeNull())
it('one more finding changes no count', () =>
  expect(countsAfter(summary, before, { ...before, count: 2, sequence: 11 }, 'rosa', false)).toEqual(summary))
