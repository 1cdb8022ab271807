import { expect, it } from 'vitest'
import { alertWith } from './alert.fixture.ts'
import { optimistic, whyNot } from './optimistic.ts'

const alert = alertWith({ id: 'a' })

it('acknowledging stops the first clock and leaves the second', () =>
  expect(optimistic(alert, { type: 'acknowledge' }, 'rosa', 9)).toMatchObject({
    state: 'acknowledged',
    acknowledgedBy: 'rosa',
    acknowledgedAt: 9,
    nextDueAt: 241_000,
  }))
it('containing and closing stop the clocks', () => {
  expect(optimistic(alert, { type: 'contain', reason: 'x' }, 'rosa', 9)).toMatchObject({
    state: 'acknowledged',
    containedAt: 9,
    nextDueAt: null,
  })
  expect(optimistic(alert, { type: 'close', verdict: 'other', reason: 'x' }, 'rosa', 9)).toMatchObject({
    state: 'closed',
    nextDueAt: null,
    verdict: 'other',
  })
})
it('who acknowledged first stays who did', () =>
  expect(optimistic({ ...alert, acknowledgedBy: 'mona', acknowledgedAt: 3 }, { type: 'snooze', until: 99 }, 'rosa', 9)).toMatchObject({
    acknowledgedBy: 'mona',
    acknowledgedAt: 3,
    snoozedUntil: 99,
  }))
it('what makes no sense says why', () => {
  expect(whyNot(alert, 'acknowledge')).toBeNull()
  expect(whyNot({ ...alert, state: 'closed' }, 'snooze')).toBe('It is closed')
  expect(whyNot({ ...alert, state: 'closed' }, 'note')).toBeNull()
  expect(whyNot({ ...alert, owner: 'rosa' }, 'assign', 'rosa')).toBe("It is rosa's")
})
