import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { storeSettings } from '../../store/open.ts'
import { openServerStore } from '../../store/server/open-server-store.ts'
import { createSink, type Sink } from '../../store/sink.ts'
import { createFixedLog } from '../../store/testing/fixed-log.ts'
import { createRandom, killRecords } from '../../store/testing/kill-story.ts'
import { plainDecoder, plainRedelivery } from '../../store/testing/story-log.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { landedRows, type LandedRows } from './landed-rows.ts'
import { startStandIn } from './start-stand-in.ts'
import { settingsFor } from './test-server.ts'

export interface OutageOutcome extends LandedRows {
  readonly seed: number
  readonly expected: Readonly<Record<string, number>>
  readonly failedInserts: number
  /** The most rows that were in memory at once, and what they may be. */
  readonly waitingRowsMost: number
  readonly waitingRowsMax: number
}

const batchRowsMax = 200
/** What the log hands over at once; each partition's may be over a batch's bound. */
const recordsAtOnce = 97
const partitions = 12

/**
 * Lands one story on a stand-in that is killed (kill -9) and stopped (SIGSTOP) while a share of its inserts goes wrong in every way that a network
 * and a server have. Sinks are left without a goodbye in between (`sinkKills`), as when their process dies, and what they sent may still be running.
 */
export const outageRounds = async (options: {
  readonly seed: number
  readonly kills: number
  readonly sinkKills: number
  readonly messages: number
}): Promise<OutageOutcome> => {
  const { seed, kills, sinkKills, messages } = options
  const random = createRandom(seed)
  const home = temporaryDirectory()
  const standIn = await startStandIn({ directory: home.path })
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const open = () =>
    openServerStore({
      server: settingsFor(standIn.url, standIn.password, { database: 'wardwatch', timeoutMs: 3_000 }),
      settings: storeSettings.parse({}), logger: silentLogger, clock: systemClock, holder: `round-${seed}`, migrates: true,
    }) // prettier-ignore
  let failedInserts = 0
  let waitingRowsMost = 0
  const { records, expected } = killRecords(seed, messages)
  try {
    const first = open()
    await first.ready
    await first.close()
    const fault = () => standIn.faults({ share: { of: 0.25, seed: Math.floor(random() * 1e9), match: '^INSERT', hows: ['before', 'after', 'cut', 'lost', 'late', 'proxy'], delayMs: 300 } }) // prettier-ignore
    let killed = 0
    for (let life = 0; ; life++) {
      const store = open()
      const log = createFixedLog(records, recordsAtOnce)
      const sink: Sink = createSink({
        log, store, storeReady: store.ready, decoder: plainDecoder, redelivery: plainRedelivery(), clock: systemClock, logger: silentLogger,
        settings: sinkSettings.parse({ flushMs: 10, batchRowsMax, rollUpMs: 50, retryMsMin: 20, retryMsMax: 200 }),
      }) // prettier-ignore
      await fault()
      void sink.start()
      const isDone = (): boolean => [...log.ends].every(([name, next]) => (sink.stats().positions[name] ?? 0) >= next)
      const lifeEnds = life < sinkKills ? performance.now() + 500 + random() * 1_000 : Infinity
      while (!isDone() && performance.now() < lifeEnds) {
        await pause(20)
        waitingRowsMost = Math.max(waitingRowsMost, sink.stats().waitingRows)
        if (killed >= kills || random() > 0.03) continue
        killed++
        if (random() < 0.3) {
          standIn.freeze()
          await pause(random() * 4_000)
          standIn.thaw()
          continue
        }
        await standIn.kill()
        await pause(random() * 1_000)
        await standIn.restart()
        await fault()
      }
      failedInserts += sink.stats().failedInserts
      // As a process that dies: its connections break, it lands nothing more, and says nothing.
      await store.close()
      await sink.close()
      if (isDone()) break
    }
    await standIn.faults({})
    // What was sent late may only now be done.
    await pause(400)
    const store = open()
    await store.ready
    const landed = await landedRows(store)
    await store.close()
    return {
      seed,
      ...landed,
      expected: { ...expected },
      failedInserts,
      waitingRowsMost,
      waitingRowsMax: batchRowsMax * 2 + recordsAtOnce * partitions * 2,
    }
  } finally {
    await standIn.stop()
    home.remove()
  }
}
