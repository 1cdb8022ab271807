import type { Logger } from '../../contracts/logger.ts'
import { storeLeaveMs } from '../stop-times.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { startDeskRole } from './compose-desk.ts'
import { startSink } from './compose-sink.ts'
import { openLog } from './open-log.ts'
import { openRoleStore } from './open-role-store.ts'
import type { DeskRoleOptions } from './options.ts'

/** The sink and the desk in one process, which holds the ClickHouse engine: one engine, one process. */
const start = async (options: DeskRoleOptions, logger: Logger, name: string): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const opened = await openRoleStore(options.store, logger)
  const { store } = opened
  const sink = await startSink({ log, opened, waits: true, logger })
  const desk = await startDeskRole({ log, store, logger, name, options, behindMs: sink.behindMs, sink })
  return {
    ...desk,
    stats: () => ({ ...sink.stats(), behindMs: sink.behindMs() ?? 0, ...desk.stats() }),
    failed: Promise.all([sink.failed, desk.failed]).then(() => {}),
    async close() {
      store.leaveWithin(storeLeaveMs)
      await desk.close()
      await sink.close()
      await store.close()
      await log.close()
    },
  }
}

serveRole(start)
