import { systemClock } from '../../contracts/clock.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Directory } from '../../registry/fold.ts'
import { createDeskHistory } from '../../store/desk/desk-history.ts'
import type { Store } from '../../store/open.ts'
import { type FollowingPaging, openPaging } from '../../triage/notify/start-paging.ts'
import type { PagingRoleOptions } from './options.ts'
import type { Triage } from '../../triage/start-triage.ts'

export interface DeskParts {
  readonly history: DeskHistory
  readonly paging: FollowingPaging
  /** Rejects when one of them can't go on. */
  readonly failed: Promise<void>
}

/** The pager, which does not page before it is told to lead, and the desk's view of ClickHouse. @param linkTo where the console shows an alert */
export const startDeskParts = async (parts: {
  readonly log: EventLog
  readonly logger: Logger
  readonly desk: Triage
  readonly directory: Directory
  readonly store: Store
  readonly behindMs: () => number | null
  readonly options: PagingRoleOptions
  readonly linkTo: (alert: string | null) => string | null
  /** As of `Leadership`. */
  readonly sure: () => Promise<void>
}): Promise<DeskParts> => {
  const { log, logger, desk, directory, store, behindMs, options, linkTo, sure } = parts
  const history = createDeskHistory({ store, clock: systemClock, logger, behindMs })
  const paging = await openPaging({
    log,
    desk,
    logger,
    linkTo,
    sure,
    settings: { stormAlertsMax: options.stormAlertsMax, stormWindowMs: options.stormWindowMs },
    ...(options.timeZone === null ? {} : { timeZone: options.timeZone }),
    modelOf: (device) => directory.device(device)?.model ?? null,
  })
  return {
    history,
    paging,
    failed: paging.failed,
  }
}
