import type { CaseEvent } from '../../contracts/case-event.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { PagingDesk } from '../../contracts/paging-desk.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'

/*
 * ============================================================================================================================
 * PLACEHOLDERS. To be replaced when the branches `paging` and `history` are merged: `startPaging` (triage/notify/start-paging.ts)
 * and `createDeskHistory` (store/desk/desk-history.ts). Nothing else in app/ knows what stands behind the two ports.
 * ============================================================================================================================
 */

export interface DeskParts {
  readonly history: DeskHistory
  readonly paging: PagingDesk
  /** Rejects when one of them can't go on. */
  readonly failed: Promise<void>
  close(): Promise<void>
}

/** @param linkTo where the console shows an alert */
export const startDeskParts = async (parts: {
  readonly desk: TriageDesk
  readonly linkTo: (alert: string) => string
}): Promise<DeskParts> => {
  const { desk } = parts
  const absent = (): Promise<never> => Promise.reject(new Error('history is not there yet'))
  const history: DeskHistory = {
    signals: absent,
    sparks: absent,
    deviceVitals: absent,
    deviceFacts: absent,
    connections: absent,
    timeline: (alert, below, limit) =>
      Promise.resolve(
        (desk.eventsSince(0) ?? [])
          .filter((event: CaseEvent) => 'alert' in event && event.alert === alert && (below === null || event.sequence < below))
          .slice(-limit)
          .reverse(),
      ),
    lastHeard: () => null,
    reporting: () => 0,
    behindMs: () => null,
    close: () => Promise.resolve(),
  }
  const refused = { ok: false, problem: 'paging is not there yet' } as const
  const paging: PagingDesk = {
    notifiers: () => [],
    putNotifier: () => Promise.resolve(refused),
    deleteNotifier: () => Promise.resolve(refused),
    test: () => Promise.resolve(refused),
    rules: () => [],
    putRules: () => Promise.resolve(refused),
    pages: () => [],
    stats: () => ({}),
  }
  return { history, paging, failed: new Promise(() => {}), close: () => Promise.resolve() }
}
