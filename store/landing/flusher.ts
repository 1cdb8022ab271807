import type { Clock } from '../../contracts/clock.ts'
import { createLatencyHistogram, type HistogramSnapshot } from '../../contracts/histogram.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createLandingBatch, type LandingBatch, type PartitionPosition } from './landing-batch.ts'
import { landingProblem } from './landing-problem.ts'
import type { SinkSettings } from './settings.ts'
import type { BatchWriter, Hold } from './write-batch.ts'

/** How long positions without rows (clock records) may wait before they are written. */
const idlePositionsMs = 60_000

/** Two batches in turn: one is filled while the other is written. So that is all that is ever in memory. */
export interface Flusher {
  /** The batch to fill; another one after every write that begins. Ask anew after each `await`. */
  readonly current: LandingBatch
  /** Resolves when there is room in `current`; false when the end or `forget` came first: then what was to be added may not be. */
  makeRoom(): Promise<boolean>
  /** After something was added: writes at once when full, else within `flushMs`. `owed`: a position is to be written though there is no row. */
  added(owed: boolean): void
  /** Writes what waits, and waits for it. */
  flush(): Promise<void>
  /**
   * Drops all that is in memory: whoever has the partitions now reads it from the log again. The insert that runs is not waited for (`flush` does); nothing
   * of its batch is sent after it, and it is not tried again.
   */
  forget(): void
  /** From now on a failed write is not tried again: what could not be landed is given up, and with it all after it. */
  end(): void
  /** `landed_at` grows from write to write, and beyond `ms`. */
  notBefore(ms: number): void
  stats(): {
    /** Why the last try failed; null when it did not. */
    readonly problem: string | null
    readonly flushMs: HistogramSnapshot
    readonly flushes: number
    readonly failedInserts: number
    readonly waitingRows: number
  }
}

export const createFlusher = (parts: {
  readonly writer: BatchWriter
  readonly onWritten: (positions: readonly PartitionPosition[]) => void
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: SinkSettings
  /** Whether it is certain that nobody else has what is landed here, and when that may have changed. */
  readonly membership: Pick<Hold, 'isCertain' | 'whenKnown'>
}): Flusher => {
  const { writer, onWritten, clock, logger, settings, membership } = parts
  const flushMs = createLatencyHistogram()
  let problem: string | null = null
  let flushes = 0
  let failedInserts = 0
  let current = createLandingBatch()
  let spare = createLandingBatch()
  let writing: Promise<void> = Promise.resolve()
  let isWriting = false
  let timer: ReturnType<typeof setTimeout> | null = null
  let lastWriteMs = clock.now()
  let lastLandedAtMs = 0
  let positionOwed = false
  let ending = false
  /** A batch could not be landed before the end: nothing after it may be, or a position would claim it. */
  let abandoned = false
  /** Counts what was forgotten. */
  let generation = 0
  let forgotten = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let wake = (): void => {}

  const stamp = (): number => {
    lastLandedAtMs = Math.max(clock.now(), lastLandedAtMs + 1)
    return lastLandedAtMs
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const waiting = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(waiting)
        resolve()
      }
    })

  const land = async (batch: LandingBatch): Promise<void> => {
    const begun = performance.now()
    const mine = generation
    const { isCertain } = membership
    const hold: Hold = {
      isOurs: () => generation === mine && (!ending || isCertain()),
      isCertain,
      whenKnown: () => Promise.race([membership.whenKnown(), forgotten.promise, ended.promise]),
    }
    for (let waitMs = settings.retryMsMin; ; waitMs = Math.min(waitMs * 2, settings.retryMsMax)) {
      try {
        if (await writer.write(batch, hold)) break
        abandoned ||= generation === mine
        batch.clear()
        return
      } catch (error) {
        if (generation !== mine) {
          batch.clear()
          return
        }
        failedInserts++
        problem = landingProblem(error)
        logger.error({ error: problem, rows: batch.rows, waitMs }, 'landing failed; it will be tried again')
        if (!ending) await pause(waitMs)
        if (generation !== mine) {
          batch.clear()
          return
        }
        if (ending) {
          abandoned = true
          return
        }
        batch.restamp(stamp())
      }
    }
    problem = null
    flushes++
    flushMs.record(performance.now() - begun)
    onWritten(batch.positions)
    batch.clear()
  }

  const begin = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    positionOwed = false
    const batch = current
    current = spare
    spare = batch
    lastWriteMs = clock.now()
    batch.seal(stamp())
    isWriting = true
    writing = land(batch).finally(() => {
      isWriting = false
    })
  }

  const isFull = (): boolean => current.rows >= settings.batchRowsMax || current.bytes >= settings.batchBytesMax

  const flush = async (): Promise<void> => {
    while (isWriting) await writing
    if (!abandoned && (current.positions.length > 0 || current.rows > 0)) begin()
    while (isWriting) await writing
  }

  return {
    get current() {
      return current
    },
    async makeRoom() {
      const mine = generation
      while (isFull() && !abandoned) {
        if (isWriting) await Promise.race([writing, forgotten.promise])
        else begin()
        if (generation !== mine) return false
      }
      return !abandoned
    },
    added(owed) {
      positionOwed ||= owed
      if (isFull() && !isWriting) begin()
      else if (timer === null && (current.rows > 0 || positionOwed || clock.now() - lastWriteMs > idlePositionsMs)) {
        timer = setTimeout(() => {
          timer = null
          void flush()
        }, settings.flushMs)
      }
    },
    flush,
    forget() {
      generation++
      current.clear()
      forgotten.resolve()
      forgotten = Promise.withResolvers()
      wake()
    },
    end() {
      ending = true
      ended.resolve()
      wake()
    },
    notBefore(ms) {
      lastLandedAtMs = Math.max(lastLandedAtMs, ms)
    },
    stats: () => ({
      problem,
      flushMs: flushMs.snapshot(),
      flushes,
      failedInserts,
      waitingRows: current.rows + (isWriting ? spare.rows : 0),
    }),
  }
}
