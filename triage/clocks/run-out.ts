import type { Alert } from '../../contracts/alert.ts'
import { platformActor } from '../../contracts/case-event.ts'
import type { Draft } from '../chain.ts'
import { newBreaches } from './due.ts'

/** What time has done to the alert by now: each clock that ran out, and the end of its snooze. */
export const draftsByTime = (alert: Alert, nowMs: number): readonly Draft[] => {
  const common = { recordedAt: nowMs, actor: platformActor, alert: alert.id }
  const drafts: Draft[] = newBreaches(alert, nowMs).map((breach) => ({ type: 'alert.breached', ...common, ...breach }))
  if (alert.snoozedUntil !== null && alert.snoozedUntil <= nowMs) drafts.push({ type: 'alert.woken', ...common, because: 'time' })
  return drafts
}
