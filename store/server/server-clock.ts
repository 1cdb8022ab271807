/** A server's time, as it was told and has gone on since by a clock that nobody sets. */
export interface ServerClock {
  look(): Promise<void>
  /** Never later than the server's own; null before the first `look`. Asks again in passing when what it knows is old. */
  nowMs(): number | null
}

const oldMs = 60_000

/** @param ask the server's time, ms since the epoch */
export const createServerClock = (ask: () => Promise<number>, steadyNowMs: () => number): ServerClock => {
  let known: { readonly serverMs: number; readonly atMs: number } | null = null
  let looking: Promise<void> | null = null
  const look = (): Promise<void> =>
    (looking ??= ask()
      .then((serverMs) => {
        // As if the answer had taken no time.
        known = { serverMs, atMs: steadyNowMs() }
      })
      .finally(() => (looking = null)))
  return {
    look,
    nowMs() {
      if (known === null) return null
      const sinceMs = steadyNowMs() - known.atMs
      // That it can't be asked is told by who has more to ask.
      if (sinceMs > oldMs && looking === null) look().catch(() => {})
      return known.serverMs + sinceMs
    },
  }
}
