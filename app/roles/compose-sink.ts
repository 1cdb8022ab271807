import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createRedeliveryFilter } from '../../ingest/redelivery.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { createSink, type Sink } from '../../store/sink.ts'
import type { RoleStore } from './open-role-store.ts'

/** Everything of the log lands in ClickHouse. The embedded engine is there or nothing is; a server may be away for hours: alerts, people and pages do not wait for it. */
export const startSink = async (parts: {
  readonly log: EventLog
  readonly opened: RoleStore
  readonly waits: boolean
  readonly logger: Logger
}): Promise<Sink> => {
  const { log, opened, waits, logger } = parts
  const { store, storeReady, settleMs } = opened
  const sink = createSink({
    log,
    store,
    storeReady,
    decoder: createEnvelopeDecoder(),
    redelivery: createRedeliveryFilter(),
    clock: systemClock,
    logger,
    settings: sinkSettings.parse({ settleMs }),
  })
  const landing = sink.start()
  landing.catch(() => {})
  if (waits) await landing
  return { ...sink, failed: landing.then(() => sink.failed) }
}
