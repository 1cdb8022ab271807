import type { Alert } from '../../contracts/alert.ts'
import { undoMs } from '../../contracts/case-event.ts'
import type { AlertAction } from '../../contracts/triage-desk.ts'
import type { Draft } from '../chain.ts'
import type { Workflow } from './workflow.ts'

export const snoozeDaysMax = 7
const dayMs = 86_400_000

/** An action's event, or why the alert does not allow it, in one sentence. */
export type Assessment = { readonly ok: true; readonly draft: Draft } | { readonly ok: false; readonly detail: string }

export interface AssessContext {
  readonly alert: Alert
  readonly actor: string
  readonly nowMs: number
  /** The alert of the same detector and device that takes findings now. */
  readonly current: string | undefined
  /** How the alert was before the action with this sequence. */
  readonly before: (sequence: number) => Workflow | undefined
  /** Set for one of a bulk action. */
  readonly bulk?: string
}

const timeOf = (ms: number): string => new Date(ms).toISOString()

/** Which state allows what: docs/triage.md has the table. */
export const assess = (action: AlertAction, context: AssessContext): Assessment => {
  const { alert, actor, nowMs } = context
  const common = { recordedAt: nowMs, actor, alert: alert.id }
  const bulk = context.bulk === undefined ? {} : { bulk: context.bulk }
  const yes = (draft: Draft): Assessment => ({ ok: true, draft })
  const no = (detail: string): Assessment => ({ ok: false, detail })
  if (alert.state === 'closed' && action.type !== 'note' && action.type !== 'undo')
    return no(`${alert.closedBy ?? 'somebody'} closed it at ${timeOf(alert.closedAt ?? alert.lastChange.at)}.`)

  switch (action.type) {
    case 'acknowledge':
      if (alert.state === 'snoozed') return no('It is snoozed, and so acknowledged: wake it first.')
      if (alert.state === 'acknowledged') return no(`${alert.acknowledgedBy ?? 'Somebody'} has acknowledged it.`)
      return yes({ type: 'alert.acknowledged', ...common, ...bulk })
    case 'assign':
      if (alert.owner === action.owner) return no(action.owner === null ? "It is nobody's already." : `It is ${action.owner}'s already.`)
      return yes({ type: 'alert.assigned', ...common, ...bulk, owner: action.owner })
    case 'snooze':
      if (!(action.until > nowMs)) return no('A snooze ends in the future.')
      if (action.until > nowMs + snoozeDaysMax * dayMs) return no(`A snooze lasts at most ${snoozeDaysMax} days.`)
      return yes({ type: 'alert.snoozed', ...common, ...bulk, until: action.until })
    case 'wake':
      if (alert.state !== 'snoozed') return no('It is not snoozed.')
      return yes({ type: 'alert.woken', ...common, because: 'by-hand' })
    case 'close':
      return yes({ type: 'alert.closed', ...common, ...bulk, verdict: action.verdict, reason: action.reason })
    case 'note':
      return yes({ type: 'alert.noted', ...common, note: action.note })
    case 'contain':
      if (alert.containedAt !== null) return no(`It is contained since ${timeOf(alert.containedAt)}.`)
      return yes({ type: 'alert.contained', ...common, reason: action.reason })
    default:
      return undo(action.undoes, context)
  }
}

const undo = (undoes: number, { alert, actor, nowMs, current, before }: AssessContext): Assessment => {
  const no = (detail: string): Assessment => ({ ok: false, detail })
  const { version, lastChange } = alert
  if (version !== undoes) return no(`It is not the last change: ${lastChange.actor} made another (${lastChange.type}).`)
  if (lastChange.actor !== actor) return no(`It was ${lastChange.actor}'s action, and only ${lastChange.actor} can take it back.`)
  if (nowMs - lastChange.at > undoMs) return no(`An action can be taken back for ${undoMs / 1_000} s.`)
  const to = before(undoes)
  if (to === undefined) return no(`${lastChange.type} can not be taken back.`)
  if (alert.state === 'closed' && current !== alert.id) return no(`It stays closed: ${current ?? 'another alert'} has followed it.`)
  return { ok: true, draft: { type: 'alert.undone', recordedAt: nowMs, actor, alert: alert.id, undoes, to } }
}
