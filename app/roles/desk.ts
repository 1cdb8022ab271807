import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { followLandedBehind } from '../../store/desk/landed-behind.ts'
import { storeLeaveMs } from '../stop-times.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { startDeskRole } from './compose-desk.ts'
import { openLog } from './open-log.ts'
import { openRoleStore } from './open-role-store.ts'
import type { DeskRoleOptions } from './options.ts'

/** The desk alone, where the log and ClickHouse are shared: another process lands, so how far it is behind is read from what ClickHouse holds. */
const start = async (options: DeskRoleOptions, logger: Logger, name: string): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const { store } = await openRoleStore(options.store, logger)
  const behind = followLandedBehind({ log, store, clock: systemClock, logger })
  const desk = await startDeskRole({ log, store, logger, name, options, behindMs: behind.behindMs, sink: null })
  return {
    ...desk,
    async close() {
      store.leaveWithin(storeLeaveMs)
      await desk.close()
      await behind.close()
      await store.close()
      await log.close()
    },
  }
}

serveRole(start)
