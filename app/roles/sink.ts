import type { Logger } from '../../contracts/logger.ts'
import { storeLeaveMs } from '../stop-times.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { startSink } from './compose-sink.ts'
import { openLog } from './open-log.ts'
import { openRoleStore } from './open-role-store.ts'
import type { SinkOptions } from './options.ts'

/** The sink alone, where the log and ClickHouse are shared. */
const start = async (options: SinkOptions, logger: Logger): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const opened = await openRoleStore(options.store, logger)
  const { store } = opened
  const sink = await startSink({ log, opened, waits: false, logger })
  return {
    info: {},
    log,
    stats: () => ({ ...sink.stats(), behindMs: sink.behindMs() ?? 0, log: log.stats() }),
    failed: sink.failed,
    async close() {
      store.leaveWithin(storeLeaveMs)
      await sink.close()
      await store.close()
      await log.close()
    },
  }
}

serveRole(start)
