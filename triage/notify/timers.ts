/** Waiting as an injected thing, beside `Clock`. */
export interface Timers {
  /** Calls back once after `ms`; the answer calls it off. */
  after(ms: number, callback: () => void): () => void
}

/** A timeout of Node overflows at 2^31 ms; whoever waits longer looks again. */
const longestMs = 3_600_000

export const systemTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), longestMs))
    return () => clearTimeout(timer)
  },
}
