import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createRedeliveryFilter } from '../../ingest/redelivery.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import type { Store } from '../../store/open.ts'
import { createSink, type Sink } from '../../store/sink.ts'

/** Everything of the log lands in ClickHouse. */
export const startSink = async ({
  log,
  store,
  logger,
}: {
  readonly log: EventLog
  readonly store: Store
  readonly logger: Logger
}): Promise<Sink> => {
  const sink = createSink({
    log,
    store,
    decoder: createEnvelopeDecoder(),
    redelivery: createRedeliveryFilter(),
    clock: systemClock,
    logger,
    settings: sinkSettings.parse({}),
  })
  await sink.start()
  return sink
}
