import { expect, it } from 'vitest'
import { timelineEntry } from './timeline-entry.ts'

it('an undo says what it came to, not the number of an event that nobody sees', () => {
  const to = {
    state: 'new', owner: 'mona', acknowledgedAt: null, acknowledgedBy: null, containedAt: null, snoozedUntil: null, closedAt: null, closedBy: null, verdict: null, reason: null,
  } as const // prettier-ignore
  const event = {
    type: 'alert.undone',
    alert: 'a',
    undoes: 608,
    to,
    sequence: 609,
    previous: '',
    hash: '',
    recordedAt: 1,
    actor: 'rosa',
  } as const
  expect(timelineEntry(event).text).toBe('Took the last action back: new again, owned by mona')
  expect(timelineEntry({ ...event, to: { ...to, owner: null } }).text).toBe('Took the last action back: new again')
})
