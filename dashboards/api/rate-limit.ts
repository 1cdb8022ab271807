import type { Clock } from '../../contracts/clock.ts'

const entriesMax = 10_000

export interface RateLimit {
  /** 0 when it may go on; else how long to wait, ms. */
  take(key: string): number
}

/** A bucket of tokens for each key. At most 10,000 keys are held: the one unused longest is forgotten. */
export const createRateLimit = (clock: Clock, perSecond: number, burst: number): RateLimit => {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(key) {
      const nowMs = clock.now()
      const before = buckets.get(key)
      const left = before === undefined ? burst : Math.min(burst, before.left + (Math.max(0, nowMs - before.atMs) * perSecond) / 1_000)
      buckets.delete(key)
      buckets.set(key, { left: left >= 1 ? left - 1 : left, atMs: nowMs })
      if (buckets.size > entriesMax) buckets.delete(buckets.keys().next().value!)
      return left >= 1 ? 0 : ((1 - left) * 1_000) / perSecond
    },
  }
}
