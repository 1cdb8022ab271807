import type { Alert } from '../../contracts/alert.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import { compareSeverity } from '../../contracts/finding.ts'

/** What of an alert stays in memory whatever a finding brings: the whole is in the log and in ClickHouse. */
export const whyCharactersMax = 1_000
export const evidenceItemsMax = 16
export const evidenceTextCharactersMax = 256
export const tagsMax = 16

type Folding = Extract<CaseEvent, { type: 'finding.folded' | 'alert.raised' }>
export type AlertEvent = Extract<CaseEvent, { readonly alert: string }>
type OnAlert = Exclude<AlertEvent, Folding>

const fits = (value: number | string): boolean => typeof value === 'number' || value.length <= evidenceTextCharactersMax
const shortened = (value: number | string): number | string =>
  typeof value === 'string' ? value.slice(0, evidenceTextCharactersMax) : value

/** Taken over as it is in all but odd cases: a million events are folded at a start. */
const evidenceOf = ({ evidence = [] }: Folding): Alert['evidence'] =>
  evidence.length <= evidenceItemsMax && evidence.every(({ observed, expected }) => fits(observed) && fits(expected))
    ? evidence
    : evidence.slice(0, evidenceItemsMax).map(({ feature, observed, expected, unit }) => ({
        feature,
        observed: shortened(observed),
        expected: shortened(expected),
        unit,
      }))

const opened = (event: Folding): Alert => ({
  id: event.alert,
  detector: event.detector,
  title: event.title,
  device: event.device,
  site: event.site,
  severity: event.severity,
  score: event.score,
  count: 1,
  firstSeen: event.at,
  lastSeen: event.at,
  why: event.why.slice(0, whyCharactersMax),
  evidence: evidenceOf(event),
  attack: tagsOf(event, 'attack', []),
  controls: tagsOf(event, 'controls', []),
  state: 'new',
  owner: null,
  openedAt: event.recordedAt,
  acknowledgedAt: null,
  acknowledgedBy: null,
  containedAt: null,
  snoozedUntil: null,
  closedAt: null,
  closedBy: null,
  verdict: null,
  reason: null,
  notes: 0,
  due: event.due ?? { acknowledgeBy: null, containBy: null },
  breached: { acknowledge: null, contain: null },
  previous: event.follows ?? null,
  sequence: event.sequence,
  version: event.sequence,
  lastChange: { type: event.type, actor: event.actor, at: event.recordedAt },
})

const tagsOf = (event: Folding, key: 'attack' | 'controls', fallback: string[]): string[] => {
  const tags = event.type === 'finding.folded' ? event[key] : undefined
  return tags === undefined ? fallback : tags.length <= tagsMax ? tags : tags.slice(0, tagsMax)
}

const rollInto = (alert: Alert, event: Folding): Alert => {
  // A text that is the same stays: a start would keep the million copies that it has read.
  if (alert.title !== event.title) alert.title = event.title
  if (alert.site !== event.site) alert.site = event.site
  alert.score = Math.max(alert.score, event.score)
  alert.count++
  alert.firstSeen = Math.min(alert.firstSeen, event.at)
  alert.lastSeen = Math.max(alert.lastSeen, event.at)
  alert.why = event.why.slice(0, whyCharactersMax)
  alert.evidence = evidenceOf(event)
  alert.attack = tagsOf(event, 'attack', alert.attack)
  alert.controls = tagsOf(event, 'controls', alert.controls)
  alert.due = event.due ?? alert.due
  alert.sequence = event.sequence
  if (compareSeverity(event.severity, alert.severity) <= 0) return alert
  alert.severity = event.severity
  alert.version = event.sequence
  alert.lastChange = { type: event.type, actor: event.actor, at: event.recordedAt }
  return alert
}

/** Whoever snoozes, contains or closes an alert has seen it: that acknowledges it, unless somebody had before. */
const acknowledgedBy = (before: Alert, event: OnAlert): Pick<Alert, 'acknowledgedAt' | 'acknowledgedBy'> =>
  before.acknowledgedAt === null
    ? { acknowledgedAt: event.recordedAt, acknowledgedBy: event.actor }
    : { acknowledgedAt: before.acknowledgedAt, acknowledgedBy: before.acknowledgedBy }

const changes = (before: Alert, event: OnAlert): Partial<Alert> => {
  switch (event.type) {
    case 'alert.acknowledged':
      return { state: 'acknowledged', ...acknowledgedBy(before, event) }
    case 'alert.assigned':
      return { owner: event.owner }
    case 'alert.snoozed':
      return { state: 'snoozed', snoozedUntil: event.until, ...acknowledgedBy(before, event) }
    case 'alert.woken':
      // What was put off as it was and has become worse needs new eyes, and its clock with them.
      return event.because === 'worse'
        ? {
            state: 'new',
            snoozedUntil: null,
            acknowledgedAt: null,
            acknowledgedBy: null,
            breached: { acknowledge: null, contain: before.breached.contain },
            due: { acknowledgeBy: null, containBy: before.due.containBy },
          }
        : { state: before.acknowledgedAt === null ? 'new' : 'acknowledged', snoozedUntil: null }
    case 'alert.closed':
      return {
        state: 'closed',
        snoozedUntil: null,
        closedAt: event.recordedAt,
        closedBy: event.actor,
        verdict: event.verdict,
        reason: event.reason,
        ...acknowledgedBy(before, event),
      }
    case 'alert.noted':
      return { notes: before.notes + 1 }
    case 'alert.contained':
      return {
        containedAt: event.recordedAt,
        state: before.state === 'new' ? 'acknowledged' : before.state,
        ...acknowledgedBy(before, event),
      }
    case 'alert.undone':
      return event.to
    default:
      return { breached: { ...before.breached, [event.clock]: event.dueAt } }
  }
}

/**
 * The alert after an event of it; null for an event of an alert that is not known (it has left memory). With `inPlace`, `before` itself may
 * become it: at a start nobody holds it yet.
 */
export const alertAfter = (before: Alert | undefined, event: AlertEvent, inPlace = false): Alert | null => {
  if (event.type === 'finding.folded' || event.type === 'alert.raised')
    return before === undefined ? opened(event) : rollInto(inPlace ? before : { ...before }, event)
  if (before === undefined) return null
  const after = { ...before, ...changes(before, event), sequence: event.sequence }
  // A clock that ran out changes nothing that a person decides on: it must not turn down the action that is under way.
  if (event.type === 'alert.breached') return after
  return { ...after, version: event.sequence, lastChange: { type: event.type, actor: event.actor, at: event.recordedAt } }
}
