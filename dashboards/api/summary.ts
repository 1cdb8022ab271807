import type { AlertSummary } from '../../contracts/api/alerts.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { Assets } from './views.ts'

/** A device that was heard within it reports, ms. */
const reportingMs = 300_000

export interface Summary {
  /** @param account whose `mine` is meant; null: nobody's */
  of(account: string | null): AlertSummary
}

export const createSummary = (
  { desk, history, clock }: { readonly desk: TriageDesk; readonly history: Pick<DeskHistory, 'reporting'>; readonly clock: Clock },
  assets: Pick<Assets, 'enrolled'>,
): Summary => ({
  of(account) {
    const nowMs = clock.now()
    const { tabs, severities, pastDue, histogram, lastAlertAt, suppressed } = desk.counts(account, nowMs)
    return {
      tabs,
      severities,
      pastDue,
      histogram: [...histogram],
      lastAlertAt,
      suppressed,
      devices: { enrolled: assets.enrolled(), reporting: history.reporting(nowMs - reportingMs) },
      sequence: desk.sequence,
    }
  },
})
