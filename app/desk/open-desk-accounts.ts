import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type Accounts, openAccounts } from '../../dashboards/accounts/open-accounts.ts'
import type { DeskOptions } from '../roles/options.ts'

/** The console's accounts under the desk's settings. */
export const openDeskAccounts = (options: {
  readonly log: EventLog
  readonly logger: Logger
  readonly settings: Pick<DeskOptions, 'sessionMs' | 'idleMs' | 'linkMs'>
  readonly leads: () => boolean
}): Promise<Accounts> => {
  const { log, logger, settings, leads } = options
  const { sessionMs, idleMs, linkMs } = settings
  return openAccounts({ log, clock: systemClock, logger, times: { sessionMs, idleMs, linkMs }, leads })
}
