import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { KafkaLog } from '../../stream/kafka/open-kafka-log.ts'
import { openLmdbLog } from '../../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../../stream/seal.ts'
import { openPlannedKafkaLog } from './open-planned-kafka-log.ts'
import type { LogOptions } from './options.ts'

/** The log that the settings name, opened with the log's key: the embedded one of a data directory, or Kafka. */
export const openLog = async ({ data, logKeys, kafka, retention }: LogOptions, logger: Logger): Promise<EventLog | KafkaLog> => {
  const sealer = createSealer(
    logKeys.map((key) => Buffer.from(key, 'hex')),
    'log',
  )
  if (kafka !== null) return openPlannedKafkaLog(kafka, sealer, logger)
  return openLmdbLog({
    directory: join(data, 'log'),
    sealer,
    clock: systemClock,
    logger,
    ...(retention === null
      ? {}
      : { mode: 'owner' as const, retentionMs: retention.hours * 3_600_000, retentionBytes: retention.gigabytes * 1e9 }),
  })
}
