import type { TimelineEntry } from '../../../../contracts/api/alerts.ts'
import { initialsOf, type People } from '../state/people.ts'

/** contracts/case-event.ts has the same word (a test compares). */
export const platformActor = 'wardwatch'

const verbs: Readonly<Record<string, string>> = {
  'alert.acknowledged': 'acknowledged',
  'alert.assigned': 'assigned',
  'alert.snoozed': 'snoozed',
  'alert.woken': 'woke',
  'alert.closed': 'closed',
  'alert.noted': 'noted',
  'alert.contained': 'recorded containment',
  'alert.undone': 'took back',
}

/** "acknowledged" for `alert.acknowledged`; the type itself for one that the console does not know yet. */
export const verbOf = (type: string): string => verbs[type] ?? type

/** What a row says of a colleague's change, "RK acknowledged"; null for one's own and for the platform's folding. */
export const toldBy = (event: Pick<TimelineEntry, 'actor' | 'type'>, me: string, people: People): string | null => {
  if (event.actor === me || verbs[event.type] === undefined) return null
  if (event.actor === platformActor) return event.type === 'alert.woken' ? 'woke up' : null
  return `${initialsOf(people.nameOf(event.actor))} ${verbOf(event.type)}`
}
