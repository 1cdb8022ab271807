import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { storeSettings } from '../../store/open.ts'
import { openServerStore, type ServerStore } from '../../store/server/open-server-store.ts'
import { createSink, type Sink } from '../../store/sink.ts'
import { createFixedLog } from '../../store/testing/fixed-log.ts'
import { createRandom, type KillStory, killRecords } from '../../store/testing/kill-story.ts'
import { plainDecoder, plainRedelivery } from '../../store/testing/story-log.ts'
import { until } from '../platform/until.ts'
import { landedRows, type LandedRows } from './landed-rows.ts'
import type { StandIn } from './start-stand-in.ts'
import { settingsFor } from './test-server.ts'

/** Longer than any test: what ends, ends by itself. */
const timeoutMs = 3_600_000

export interface HangingLife {
  readonly store: ServerStore
  readonly sink: Sink
  /** Takes the log's partitions. */
  begin(): void
  isDone(): boolean
  /** As the role's process does it when it is told to stop. */
  stop(): Promise<void>
}

/** A sink and its connection to a stand-in, from the start to the stop of one process. */
export const openLife = (standIn: StandIn, database: string, { records }: KillStory, holder: string | null = null): HangingLife => {
  const store = openServerStore({
    server: settingsFor(standIn.url, standIn.password, { database, timeoutMs }),
    settings: storeSettings.parse({}),
    logger: silentLogger,
    clock: systemClock,
    holder,
    migrates: true,
  })
  const log = createFixedLog(records, 97)
  const sink = createSink({
    log,
    store,
    storeReady: store.ready,
    decoder: plainDecoder,
    redelivery: plainRedelivery(),
    clock: systemClock,
    logger: silentLogger,
    settings: sinkSettings.parse({ flushMs: 10, batchRowsMax: 200, rollUpMs: 50, retryMsMin: 20, retryMsMax: 200, unansweredMsMax: 200 }),
  })
  return {
    store,
    sink,
    begin: () => void sink.start().catch(() => {}),
    isDone: () => [...log.ends].every(([name, next]) => (sink.stats().positions[name] ?? 0) >= next),
    async stop() {
      store.leaveWithin(100)
      await sink.close()
      await store.close()
    },
  }
}

/**
 * Lands one story on a stand-in that is frozen (SIGSTOP) time and again; each time the sink is stopped in the middle of what it asks, and the next one
 * starts before or after the server goes on. What lay in the server's sockets is done then.
 */
export const hangRounds = async (
  standIn: StandIn,
  options: { readonly seed: number; readonly freezes: number; readonly messages: number },
): Promise<LandedRows & { readonly expected: Readonly<Record<string, number>> }> => {
  const { seed, freezes, messages } = options
  const random = createRandom(seed)
  const story = killRecords(seed, messages)
  const database = `hang_${seed}`
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const open = async (): Promise<HangingLife> => {
    const opened = openLife(standIn, database, story)
    await opened.store.ready
    return opened
  }
  let life = await open()
  let next = life
  try {
    life.begin()
    for (let n = 0; n < freezes; n++) {
      // It is there already, as another member of the group: nothing but its first questions stands between it and the rows.
      next = await open()
      const before = life.sink.stats().flushes
      await until('it lands', () => life.isDone() || life.sink.stats().flushes > before)
      await pause(random() * 100)
      if (life.isDone()) break
      standIn.freeze()
      // The last answer may have been on its way.
      await until('the server hangs', () => life.isDone() || life.store.unansweredMs() > 50)
      await life.stop()
      life = next
      const thawsFirst = random() < 0.5
      if (thawsFirst) standIn.thaw()
      life.begin()
      await pause(random() * 100)
      standIn.thaw()
    }
    await until('all has landed', () => life.isDone())
    return { ...(await landedRows(life.store)), expected: { ...story.expected } }
  } finally {
    standIn.thaw()
    for (const one of new Set([life, next])) await one.stop()
  }
}
