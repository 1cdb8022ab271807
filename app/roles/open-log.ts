import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { openLmdbLog } from '../../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../../stream/seal.ts'
import type { LogOptions } from './options.ts'

/** The embedded log of a data directory, opened with the log's key. */
export const openLog = async ({ data, logKey, retention }: LogOptions, logger: Logger): Promise<EventLog> =>
  openLmdbLog({
    directory: join(data, 'log'),
    sealer: createSealer(Buffer.from(logKey, 'hex'), 'log'),
    clock: systemClock,
    logger,
    ...(retention === null
      ? {}
      : { mode: 'owner' as const, retentionMs: retention.hours * 3_600_000, retentionBytes: retention.gigabytes * 1e9 }),
  })
