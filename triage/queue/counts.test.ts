import { expect, it } from 'vitest'
import type { Alert } from '../../contracts/alert.ts'
import { findingAt, takeInto } from '../findings.fixture.ts'
import { createCaseFold } from '../group/fold.ts'
import { createSuppressions } from '../suppress/suppressions.ts'
import { createCounts } from './counts.ts'
import { createQueue } from './queue.ts'

const fold = createCaseFold()
takeInto(fold, findingAt(1), { topic: 'findings.v1', partition: 0, offset: 0 }, 1)
const base = fold.newest(1)[0]!
const minuteMs = 60_000

const counted = () => {
  const counts = createCounts()
  const queue = createQueue(() => null, counts.onRow)
  return {
    counts,
    put: (id: string, over: Partial<Alert>) => queue.changed(id, { ...base, id, due: { acknowledgeBy: null, containBy: null }, ...over }),
    read: (nowMs: number, asker: string | null = null) => counts.read(queue, createSuppressions(), asker, nowMs),
  }
}

it('what is past due is counted as time goes on, and when the clock is set back', () => {
  const { put, read } = counted()
  for (let i = 1; i <= 5; i++) put(`AL-${i}`, { due: { acknowledgeBy: i * 10, containBy: null } })
  expect([read(9), read(10), read(35), read(5), read(50)].map(({ pastDue }) => pastDue)).toEqual([0, 1, 3, 0, 5])
  put('AL-1', { due: { acknowledgeBy: 10, containBy: null }, state: 'acknowledged', acknowledgedAt: 1 })
  put('AL-2', { due: { acknowledgeBy: 20, containBy: 70 }, state: 'closed' })
  put('AL-6', { due: { acknowledgeBy: 1, containBy: null } })
  expect([read(50), read(60), read(1_000)].map(({ pastDue }) => pastDue)).toEqual([4, 4, 4])
})

it('severities and tabs are of those that need triage', () => {
  const { put, read } = counted()
  put('AL-1', { severity: 'critical', owner: 'ann' })
  put('AL-2', { severity: 'low', state: 'acknowledged' })
  put('AL-3', { severity: 'low', state: 'snoozed', owner: 'ann' })
  put('AL-1', { severity: 'critical', owner: 'bob' })
  expect(read(1, 'ann')).toMatchObject({
    severities: { critical: 1, high: 0, medium: 0, low: 1 },
    tabs: { triage: 2, mine: 0, snoozed: 1, closed: 0 },
  })
  expect(read(1, 'bob').tabs.mine).toBe(1)
})

it('the histogram has the last 60 minutes, each with what opened in it', () => {
  const { counts, read } = counted()
  expect(read(0).lastAlertAt).toBeNull()
  const hour = 60 * minuteMs
  counts.opened(10, 'low')
  counts.opened(hour + 1, 'critical')
  counts.opened(hour + 2, 'critical')
  const { histogram, lastAlertAt } = read(hour + 5)
  expect(histogram).toHaveLength(60)
  expect(histogram[0]!.minute).toBe(minuteMs)
  expect(histogram.at(-1)).toEqual({ minute: hour, critical: 2, high: 0, medium: 0, low: 0 })
  expect(histogram.reduce((sum, { low }) => sum + low, 0)).toBe(0)
  expect(lastAlertAt).toBe(hour + 2)
})
