import { platformActor } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { CaseFold } from '../group/fold.ts'
import type { Ledger } from '../ledger.ts'
import type { Deadlines } from './deadlines.ts'
import { draftsByTime } from './run-out.ts'

/** Alerts that one look changes at the most: the next look takes the next ones. */
export const alertsPerLookMax = 500

/** Records what time does: clocks that run out, snoozes that end, suppressions that expire. Also what it did while the platform was away. */
export interface TimeKeeper {
  /** For one alert, before something else happens to it: a timer that is late must not hide that a clock ran out. */
  settle(alert: string, nowMs: number): void
  endExpired(nowMs: number): void
  look(): void
  readonly breaches: number
  stop(): void
}

export const startTimeKeeper = ({
  fold,
  ledger,
  deadlines,
  clock,
  everyMs,
}: {
  readonly fold: CaseFold
  readonly ledger: Ledger
  readonly deadlines: Deadlines
  readonly clock: Clock
  /** The clock is looked at this often: it may be set, and a timer for a far time would not follow. */
  readonly everyMs: number
}): TimeKeeper => {
  let breaches = 0
  const settle = (id: string, nowMs: number): void => {
    const alert = fold.alert(id)
    if (alert === undefined) return
    const drafts = draftsByTime(alert, nowMs)
    if (drafts.length === 0) return
    breaches += drafts.filter(({ type }) => type === 'alert.breached').length
    ledger.record(drafts)
  }
  const endExpired = (nowMs: number): void => {
    for (const { id } of fold.suppressions.expired(nowMs))
      ledger.record([{ type: 'suppression.ended', recordedAt: nowMs, actor: platformActor, suppression: id, because: 'expired' }])
  }
  const look = (): void => {
    // What can't be written now is found again at a later look.
    if (ledger.outage !== null) return
    const nowMs = clock.now()
    for (const id of deadlines.reached(nowMs, alertsPerLookMax)) settle(id, nowMs)
    endExpired(nowMs)
  }
  const timer = setInterval(look, everyMs)
  timer.unref()
  return {
    settle,
    endExpired,
    look,
    get breaches() {
      return breaches
    },
    stop: () => clearInterval(timer),
  }
}
