import type { Alert, Verdict } from './alert.ts'
import type { AlertListQuery } from './api/alerts.ts'
import type { CaseEvent } from './case-event.ts'
import type { Evidence, Severity } from './finding.ts'
import type { Suppression, SuppressionScope } from './suppression.ts'

/** What a person may do to an alert. */
export type AlertAction =
  | { readonly type: 'acknowledge' }
  | { readonly type: 'assign'; readonly owner: string | null }
  | { readonly type: 'snooze'; readonly until: number }
  | { readonly type: 'wake' }
  | { readonly type: 'close'; readonly verdict: Verdict; readonly reason: string }
  | { readonly type: 'note'; readonly note: string }
  | { readonly type: 'contain'; readonly reason: string }
  | { readonly type: 'undo'; readonly undoes: number }

export type ActionOutcome =
  | { readonly ok: true; readonly alert: Alert; readonly event: CaseEvent }
  /** Somebody was quicker: `by` did `change` (an event's type) at `at`; `alert` is as it is now. */
  | {
      readonly ok: false
      readonly reason: 'conflict'
      readonly alert: Alert
      readonly by: string
      readonly change: string
      readonly at: number
    }
  | { readonly ok: false; readonly reason: 'no-alert' }
  /** The alert's state does not allow it (closing a closed one), or an undo is too late or not one's own: `detail` is one sentence. */
  | { readonly ok: false; readonly reason: 'not-now'; readonly detail: string; readonly alert: Alert }

export interface AlertPage {
  readonly items: readonly Alert[]
  readonly total: number
  readonly next: string | null
  /** The query's cursor is none of this order: what is answered is the first page. */
  readonly strangeCursor?: boolean
}

export interface TriageCounts {
  readonly tabs: { readonly triage: number; readonly mine: number; readonly snoozed: number; readonly closed: number }
  readonly severities: Readonly<Record<Severity, number>>
  readonly pastDue: number
  readonly histogram: readonly (Readonly<Record<Severity, number>> & { readonly minute: number })[]
  readonly lastAlertAt: number | null
  readonly suppressed: { readonly active: number; readonly hidden: number }
}

/** Tells a case event that is durable, with the alert as it is after it; null for a suppression's. */
export type CaseListener = (event: CaseEvent, alert: Alert | null) => void

/**
 * Triage as the API, the pager and the command line see it. One process writes the chain; every answer of an action means that its event is on
 * disk. Lists are answered from memory.
 */
export interface TriageDesk {
  readonly sequence: number
  alert(id: string): Alert | undefined
  /** @param asker whose `mine` is meant */
  list(query: AlertListQuery, asker: string | null, nowMs: number): AlertPage
  counts(asker: string | null, nowMs: number): TriageCounts
  /** Open alerts of a device (not closed). */
  openOn(device: string): number
  /** Alerts of a device, newest change first. */
  onDevice(device: string, limit: number): readonly Alert[]
  /** @param version what the actor saw; null skips the check (a platform's own action, the command line) */
  act(id: string, version: number | null, actor: string, action: AlertAction): Promise<ActionOutcome>
  /** One event an alert, in one append; those that are refused are told and do not stop the others. */
  bulk(
    actor: string,
    bulk: string,
    action: Extract<AlertAction, { type: 'acknowledge' | 'assign' | 'snooze' | 'close' }>,
    alerts: readonly { readonly id: string; readonly version: number }[],
  ): Promise<readonly ({ readonly id: string } & ActionOutcome)[]>
  /** The platform's own alert: folds into the open one of the same detector and device. */
  raise(raised: {
    readonly detector: string
    readonly title: string
    readonly device: string
    readonly site: string | null
    readonly severity: Severity
    readonly score: number
    readonly why: string
    readonly evidence: readonly Evidence[]
  }): Promise<Alert>
  suppress(
    actor: string,
    request: { readonly detector: string; readonly scope: SuppressionScope; readonly reason: string; readonly expiresAt: number },
  ): Promise<Suppression>
  endSuppression(actor: string, id: string): Promise<Suppression | null>
  /** Those in force first, then the newest ended ones. */
  suppressions(): readonly Suppression[]
  /** Events after `sequence`, oldest first; null when they are no longer held (at most the last 10,000 are). */
  eventsSince(sequence: number): readonly CaseEvent[] | null
  onEvent(listener: CaseListener): () => void
  stats(): Readonly<Record<string, number>>
}
