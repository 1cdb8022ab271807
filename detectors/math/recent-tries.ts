import { z } from 'zod'

/**
 * The last tries in a window, each with what it was aimed at: how many, at how many different aims, and the most at one of them.
 * Exact for the last 64, and no further: an exact count of distinct things needs memory in proportion to it (Alon, Matias, Szegedy:
 * The Space Complexity of Approximating the Frequency Moments, J. Comput. Syst. Sci. 58 (1999)).
 */
const triesMax = 64

export const recentTriesState = z.object({
  /** When, ms, oldest first. */
  t: z.array(z.number()).max(triesMax),
  /** At what: a hash, beside `t`. */
  h: z.array(z.number()).max(triesMax),
})
export type RecentTries = z.infer<typeof recentTriesState>

export const recentTries = (): RecentTries => ({ t: [], h: [] })

export interface TriesSummary {
  readonly tries: number
  readonly aims: number
  readonly mostAtOne: number
  /** From the oldest to the newest, ms. */
  readonly spanMs: number
}

/** Notes a try, or several told as one, and forgets those that are older than the window. For rare records: it allocates. */
export const noteTry = (state: RecentTries, atMs: number, aim: number, windowMs: number, times = 1): TriesSummary => {
  for (let i = 0; i < times && i < triesMax; i++) {
    state.t.push(atMs)
    state.h.push(aim)
  }
  let gone = Math.max(0, state.t.length - triesMax)
  while (state.t[gone]! <= atMs - windowMs) gone++
  if (gone > 0) {
    state.t.splice(0, gone)
    state.h.splice(0, gone)
  }
  const counts = new Map<number, number>()
  let mostAtOne = 0
  for (const h of state.h) {
    const count = (counts.get(h) ?? 0) + 1
    counts.set(h, count)
    if (count > mostAtOne) mostAtOne = count
  }
  return { tries: state.t.length, aims: counts.size, mostAtOne, spanMs: Math.max(0, atMs - state.t[0]!) }
}
