import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createRedeliveryFilter } from '../../ingest/redelivery.ts'
import { landedTopics } from '../../store/landing/route-record.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { watchUnlandedShare } from '../../store/landing/unlanded-share.ts'
import { createSink, type Sink, type SinkStats } from '../../store/sink.ts'
import type { RoleStore } from './open-role-store.ts'

/** `unlandedShare`: see `unlanded-share.ts`. */
export type RunningSink = Omit<Sink, 'stats'> & { stats(): SinkStats & { readonly unlandedShare: number } }

/** Everything of the log lands in ClickHouse. The embedded engine is there or nothing is; a server may be away for hours: alerts, people and pages do not wait for it. */
export const startSink = async (parts: {
  readonly log: EventLog
  readonly opened: RoleStore
  readonly waits: boolean
  readonly logger: Logger
}): Promise<RunningSink> => {
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
  const unlanded = watchUnlandedShare({
    log,
    topics: landedTopics,
    positions: () => sink.stats().positions,
    isBehind: () => sink.behindMs() !== null,
    logger,
  })
  return {
    ...sink,
    failed: landing.then(() => sink.failed),
    stats: () => ({ ...sink.stats(), unlandedShare: unlanded.share() }),
    close() {
      unlanded.close()
      return sink.close()
    },
  }
}
