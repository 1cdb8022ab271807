import { z } from 'zod'

/**
 * A count over a sliding window in ten buckets: exact up to a tenth of the window. The simplest of the family in Datar, Gionis,
 * Indyk, Motwani: Maintaining Stream Statistics over Sliding Windows, SIAM J. Comput. 31 (2002). Amounts are integers.
 */
const buckets = 10

export const slidingCountState = z.object({
  /** Number of the newest bucket: time divided by a tenth of the window. */
  at: z.number(),
  /** Newest last. */
  n: z.array(z.number()).length(buckets),
})
export type SlidingCount = z.infer<typeof slidingCountState>

export const slidingCount = (): SlidingCount => ({ at: 0, n: new Array<number>(buckets).fill(0) })

/** Adds `amount` at `atMs` and answers the sum over the window that ends with the newest bucket. Older than the window: not counted. */
export const addToSlidingCount = (state: SlidingCount, atMs: number, windowMs: number, amount = 1): number => {
  const bucket = Math.floor((atMs * buckets) / windowMs)
  const n = state.n
  if (bucket > state.at) {
    const moved = bucket - state.at
    for (let i = 0; i < buckets; i++) n[i] = i + moved < buckets ? n[i + moved]! : 0
    state.at = bucket
  }
  const place = buckets - 1 - (state.at - bucket)
  if (place >= 0) n[place] = n[place]! + amount
  let sum = 0
  for (let i = 0; i < buckets; i++) sum += n[i]!
  return sum
}
