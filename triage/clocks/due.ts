import type { Alert, DueTimes } from '../../contracts/alert.ts'
import type { Severity } from '../../contracts/finding.ts'
import type { ClockSettings } from './settings.ts'

const minuteMs = 60_000
const after = (nowMs: number, minutes: number | null): number | null => (minutes === null ? null : nowMs + minutes * minuteMs)
const earlier = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))

/** When an alert that opens now has to be acknowledged and contained by. */
export const dueFromNow = (clocks: ClockSettings, severity: Severity, nowMs: number): DueTimes => ({
  acknowledgeBy: after(nowMs, clocks[severity].acknowledgeMinutes),
  containBy: after(nowMs, clocks[severity].containMinutes),
})

/** For an alert that gets worse now: the new severity's clocks from now on, but never later than what was promised. */
export const dueWhenWorse = (clocks: ClockSettings, alert: Alert, severity: Severity, nowMs: number): DueTimes => {
  const anew = dueFromNow(clocks, severity, nowMs)
  return {
    // A clock that was met starts anew with the alert (it was snoozed and gets worse): the old time is over.
    acknowledgeBy: alert.state === 'snoozed' ? anew.acknowledgeBy : earlier(alert.due.acknowledgeBy, anew.acknowledgeBy),
    containBy: earlier(alert.due.containBy, anew.containBy),
  }
}

const acknowledgeRuns = ({ state, acknowledgedAt }: Alert): boolean => state !== 'closed' && acknowledgedAt === null
const containRuns = ({ state, containedAt }: Alert): boolean => state !== 'closed' && containedAt === null

/** The earlier of the clocks that still run, ms; null when none does. One that has run out and was not met still runs: it is past due. */
export const nextDueAt = (alert: Alert): number | null =>
  earlier(acknowledgeRuns(alert) ? alert.due.acknowledgeBy : null, containRuns(alert) ? alert.due.containBy : null)

/** The clocks that have run out by `nowMs` and are not recorded as that yet. */
export const newBreaches = (
  alert: Alert,
  nowMs: number,
): readonly { readonly clock: 'acknowledge' | 'contain'; readonly dueAt: number }[] => {
  const { acknowledgeBy, containBy } = alert.due
  const found: { clock: 'acknowledge' | 'contain'; dueAt: number }[] = []
  if (acknowledgeRuns(alert) && acknowledgeBy !== null && acknowledgeBy <= nowMs && alert.breached.acknowledge === null)
    found.push({ clock: 'acknowledge', dueAt: acknowledgeBy })
  if (containRuns(alert) && containBy !== null && containBy <= nowMs && alert.breached.contain === null)
    found.push({ clock: 'contain', dueAt: containBy })
  return found
}

/** When time itself changes the alert next: a clock runs out, or its snooze ends, ms; null: never. */
export const nextChangeAt = (alert: Alert): number | null => {
  const { due, breached } = alert
  return earlier(
    earlier(
      acknowledgeRuns(alert) && breached.acknowledge === null ? due.acknowledgeBy : null,
      containRuns(alert) && breached.contain === null ? due.containBy : null,
    ),
    alert.snoozedUntil,
  )
}
