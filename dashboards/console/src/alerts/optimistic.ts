import type { AlertView } from '../../../../contracts/api/alerts.ts'
import type { AlertAction } from '../../../../contracts/triage-desk.ts'

export type DeskAction = Exclude<AlertAction, { type: 'undo' }>

const acknowledged = (alert: AlertView, me: string, nowMs: number): Pick<AlertView, 'acknowledgedAt' | 'acknowledgedBy'> => ({
  acknowledgedAt: alert.acknowledgedAt ?? nowMs,
  acknowledgedBy: alert.acknowledgedBy ?? me,
})

const changes = (alert: AlertView, action: DeskAction, me: string, nowMs: number): Partial<AlertView> => {
  switch (action.type) {
    case 'acknowledge':
      return { state: 'acknowledged', ...acknowledged(alert, me, nowMs) }
    case 'assign':
      return { owner: action.owner }
    case 'snooze':
      return { state: 'snoozed', snoozedUntil: action.until, ...acknowledged(alert, me, nowMs) }
    case 'wake':
      return { state: alert.acknowledgedAt === null ? 'new' : 'acknowledged', snoozedUntil: null }
    case 'close':
      return { state: 'closed', closedAt: nowMs, closedBy: me, verdict: action.verdict, reason: action.reason, snoozedUntil: null }
    case 'note':
      return { notes: alert.notes + 1 }
    case 'contain':
      return { containedAt: nowMs, state: alert.state === 'new' ? 'acknowledged' : alert.state, ...acknowledged(alert, me, nowMs) }
  }
}

const nextDueAt = (alert: AlertView): number | null => {
  if (alert.state === 'closed') return null
  const running = [alert.acknowledgedAt === null ? alert.due.acknowledgeBy : null, alert.containedAt === null ? alert.due.containBy : null]
  const times = running.filter((at) => at !== null)
  return times.length === 0 ? null : Math.min(...times)
}

/** The alert as the action will leave it, until the platform has answered. */
export const optimistic = (alert: AlertView, action: DeskAction, me: string, nowMs: number): AlertView => {
  const after = { ...alert, ...changes(alert, action, me, nowMs) }
  return { ...after, nextDueAt: nextDueAt(after) }
}

/** Why an action makes no sense on an alert as it is; null when it does. The platform has the last word. */
export const whyNot = (alert: AlertView, action: DeskAction['type'], owner?: string | null): string | null => {
  if (alert.state === 'closed') return action === 'note' ? null : 'It is closed'
  if (action === 'acknowledge' && alert.state !== 'new') return alert.state === 'snoozed' ? 'It is snoozed' : 'It is acknowledged'
  if (action === 'assign' && owner !== undefined && alert.owner === owner) return owner === null ? "It is nobody's" : `It is ${owner}'s`
  if (action === 'wake' && alert.state !== 'snoozed') return 'It is not snoozed'
  if (action === 'contain' && alert.containedAt !== null) return 'Its containment is recorded'
  return null
}
