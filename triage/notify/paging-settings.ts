import { undoMs } from '../../contracts/case-event.ts'

/** Limits and times of paging. Every one has a default. */
export interface PagingSettings {
  /** An attempt without an outcome by then has failed, ms. */
  readonly sendTimeoutMs: number
  /** The pause after the first failed attempt; doubled each time, up to `retryMaxMs`. */
  readonly retryFirstMs: number
  readonly retryMaxMs: number
  /** A page that is still not out so long after it was due has failed, ms. */
  readonly giveUpAfterMs: number
  /** A channel whose attempts have all failed for so long (ms), or so often, is dead. */
  readonly deadAfterMs: number
  readonly deadAfterFailures: number
  /** Pages of all channels that wait; beyond it a new one is dropped, and says so. */
  readonly pagesWaitingMax: number
  readonly notifiersMax: number
  /** A channel that was told of so many alerts one by one within the window is told of more of them together; at most once in a window. */
  readonly stormAlertsMax: number
  readonly stormWindowMs: number
  /** PagerDuty hears of an acknowledgement or a close when it can't be undone any more, ms. */
  readonly followUpDelayMs: number
  /** How often is looked for closed alerts whose pages need not be remembered, ms. */
  readonly settleEveryMs: number
  readonly logRetryMs: number
  /** How long `close` waits for attempts under way, ms. */
  readonly closeGraceMs: number
  /** Case events that wait to be weighed; beyond it they are read again from triage. */
  readonly caseEventsQueuedMax: number
}

export const pagingDefaults: PagingSettings = {
  sendTimeoutMs: 10_000,
  retryFirstMs: 1_000,
  retryMaxMs: 30_000,
  giveUpAfterMs: 86_400_000,
  deadAfterMs: 180_000,
  deadAfterFailures: 12,
  pagesWaitingMax: 10_000,
  notifiersMax: 50,
  stormAlertsMax: 20,
  stormWindowMs: 300_000,
  followUpDelayMs: undoMs,
  settleEveryMs: 60_000,
  logRetryMs: 500,
  closeGraceMs: 2_000,
  caseEventsQueuedMax: 10_000,
}
