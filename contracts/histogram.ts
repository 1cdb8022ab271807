/** Upper bounds of the latency buckets, ms. */
export const latencyBucketsMs = [0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1_000, 2_500, 5_000, 10_000] as const

/** Counts a bucket; the last is "over the largest bound". Plain JSON: it travels between processes. */
export interface HistogramSnapshot {
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export interface LatencyHistogram {
  record(ms: number, times?: number): void
  snapshot(): HistogramSnapshot
}

export const createLatencyHistogram = (): LatencyHistogram => {
  const counts = new Array<number>(latencyBucketsMs.length + 1).fill(0)
  let sum = 0
  let count = 0
  return {
    record(ms, times = 1) {
      let bucket = 0
      while (bucket < latencyBucketsMs.length && ms > latencyBucketsMs[bucket]!) bucket++
      counts[bucket]! += times
      sum += ms * times
      count += times
    },
    snapshot: () => ({ counts: [...counts], sum, count }),
  }
}

/** The quantile's upper bucket bound, ms (interpolated inside the bucket); 0 when nothing was recorded. */
export const quantileMs = (snapshot: HistogramSnapshot, q: number): number => {
  if (snapshot.count === 0) return 0
  const rank = q * snapshot.count
  let below = 0
  for (let i = 0; i < snapshot.counts.length; i++) {
    const here = snapshot.counts[i]!
    if (below + here >= rank && here > 0) {
      const low = i === 0 ? 0 : latencyBucketsMs[i - 1]!
      const high = latencyBucketsMs[i] ?? low * 2
      return low + (high - low) * ((rank - below) / here)
    }
    below += here
  }
  return latencyBucketsMs.at(-1)!
}
