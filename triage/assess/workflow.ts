import type { Alert } from '../../contracts/alert.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'

/** What people's actions change of an alert: what an undo puts back. */
export type Workflow = Extract<CaseEvent, { type: 'alert.undone' }>['to']

export const workflowOf = (alert: Alert): Workflow => ({
  state: alert.state,
  owner: alert.owner,
  acknowledgedAt: alert.acknowledgedAt,
  acknowledgedBy: alert.acknowledgedBy,
  containedAt: alert.containedAt,
  snoozedUntil: alert.snoozedUntil,
  closedAt: alert.closedAt,
  closedBy: alert.closedBy,
  verdict: alert.verdict,
  reason: alert.reason,
})
