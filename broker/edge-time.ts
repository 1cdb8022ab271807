import type { Clock } from '../contracts/clock.ts'
import type { Logger } from '../contracts/logger.ts'

/** An edge's two times, out of one clock. ms. */
export interface EdgeTime {
  /** What is received now is stamped with. It orders the log, so it is not let go back by a little; a clock that was set back by more than `setBackMsMax` is followed. */
  stampMs(): number
  /** The last stamp, or one that could have been: reads no clock. */
  latestMs(): number
  /** For limits and deadlines, only its differences mean something. It stands still while a clock is set back: nobody gets less than is due for long. */
  elapsedMs(): number
}

/** A clock that is kept by small steps may go back so far. */
const setBackMsMax = 1_000

export const createEdgeTime = (clock: Clock, logger: Logger): EdgeTime => {
  let readMs = clock.now()
  let latestMs = readMs
  let elapsedMs = readMs
  const read = (): void => {
    const ms = clock.now()
    if (ms > readMs) elapsedMs += ms - readMs
    readMs = ms
    if (ms >= latestMs) {
      latestMs = ms
      return
    }
    const backMs = latestMs - ms
    if (backMs <= setBackMsMax) return
    // Held on to, all that comes would bear one time until the clock had caught up, which looks like a flood.
    logger.error({ backMs }, 'the clock was set back: what came before bears later times than what comes now')
    latestMs = ms
  }
  return {
    stampMs() {
      read()
      return latestMs
    },
    latestMs: () => latestMs,
    elapsedMs() {
      read()
      return elapsedMs
    },
  }
}
