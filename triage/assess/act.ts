import type { Alert } from '../../contracts/alert.ts'
import { bulkAlertsMax } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { ActionOutcome, AlertAction, TriageDesk } from '../../contracts/triage-desk.ts'
import type { CaseFold } from '../group/fold.ts'
import type { Ledger, Recording } from '../ledger.ts'
import { assess } from './assess.ts'

/** The outcome as it is decided, and when it may be told. */
interface Decided {
  readonly outcome: ActionOutcome
  readonly durable: Promise<void>
}

export interface ActingParts {
  readonly fold: CaseFold
  readonly ledger: Ledger
  readonly clock: Clock
  /** Records what time has done to an alert before a person acts on it. */
  readonly settleTime: (alert: string, nowMs: number) => void
}

/**
 * People's actions. Deciding is one step without a pause, so of two people at once the second sees what the first did; the answer comes when
 * everything that it tells is on disk. Throws `LogUnavailable` at once while the log can't be written.
 */
export const createActing = ({ fold, ledger, clock, settleTime }: ActingParts): Pick<TriageDesk, 'act' | 'bulk'> => {
  const decide = (
    id: string,
    version: number | null,
    actor: string,
    action: AlertAction,
    nowMs: number,
    bulk: { readonly bulk?: string },
  ): Decided => {
    settleTime(id, nowMs)
    const alert = fold.alert(id)
    const refused = (outcome: ActionOutcome): Decided => ({ outcome, durable: ledger.settled() })
    if (alert === undefined) return refused({ ok: false, reason: 'no-alert' })
    if (version !== null && version !== alert.version) return refused(conflict(alert))
    const { detector, device } = alert
    const assessed = assess(action, { alert, actor, nowMs, current: fold.current(detector, device), before: fold.before, ...bulk })
    if (!assessed.ok) return refused({ ok: false, reason: 'not-now', detail: assessed.detail, alert })
    const recording: Recording = ledger.record([assessed.draft])
    const [recorded] = recording.recorded
    return { outcome: { ok: true, alert: recorded!.alert!, event: recorded!.event }, durable: recording.durable }
  }

  return {
    async act(id, version, actor, action) {
      if (ledger.outage !== null) throw ledger.outage
      const { outcome, durable } = decide(id, version, actor, action, clock.now(), {})
      await durable
      return outcome
    },
    async bulk(actor, bulk, action, alerts) {
      if (alerts.length > bulkAlertsMax) throw new RangeError(`a bulk action takes at most ${bulkAlertsMax} alerts`)
      if (ledger.outage !== null) throw ledger.outage
      const nowMs = clock.now()
      // All in one turn, so all in one append.
      const decided = alerts.map(({ id, version }) => ({ id, ...decide(id, version, actor, action, nowMs, { bulk }) }))
      await Promise.all(decided.map(({ durable }) => durable))
      return decided.map(({ id, outcome }) => ({ id, ...outcome }))
    },
  }
}

const conflict = (alert: Alert): ActionOutcome => {
  const { actor: by, type: change, at } = alert.lastChange
  return { ok: false, reason: 'conflict', alert, by, change, at }
}
