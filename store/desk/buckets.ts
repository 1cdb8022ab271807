/** A stretch of time, ms: from inclusive, to exclusive. */
export interface Range {
  readonly from: number
  readonly to: number
}

export const pointsMax = 600

/** Each divides the next, so that points can be gathered into coarser ones without asking anew. */
const ladderMs = [
  1_000, 2_000, 10_000, 30_000, 60_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
] as const // prettier-ignore

/** The finest bucket, ms, of at least `atLeastMs` that keeps a range within `pointsMax` points. */
export const bucketFor = ({ from, to }: Range, atLeastMs = 0): number =>
  ladderMs.find((bucketMs) => bucketMs >= atLeastMs && Math.ceil(to / bucketMs) - Math.floor(from / bucketMs) <= pointsMax) ??
  ladderMs.at(-1)!

/** What was measured, by bucket: bucket number `first + i` of `bucketMs` since the epoch. `counts[i]` 0: nothing, and the rest of `i` is void. */
export interface Points {
  readonly bucketMs: number
  readonly first: number
  /** Where the range ends, ms: of the last bucket only what lies before it is known. */
  readonly to: number
  readonly counts: number[]
  readonly sums: number[]
  readonly lows: number[]
  readonly highs: number[]
}

export const emptyPoints = ({ from, to }: Range, bucketMs: number): Points => {
  const first = Math.floor(from / bucketMs)
  const length = Math.max(0, Math.ceil(to / bucketMs) - first)
  const zeros = (): number[] => new Array<number>(length).fill(0)
  return { bucketMs, first, to, counts: zeros(), sums: zeros(), lows: zeros(), highs: zeros() }
}

/** Adds what a bucket holds; what lies outside is left out. */
export const addTo = (points: Points, bucket: number, count: number, sum: number, low: number, high: number): void => {
  const i = bucket - points.first
  if (count <= 0 || i < 0 || i >= points.counts.length) return
  const isFirst = points.counts[i] === 0
  points.counts[i]! += count
  points.sums[i]! += sum
  points.lows[i] = isFirst ? low : Math.min(points.lows[i]!, low)
  points.highs[i] = isFirst ? high : Math.max(points.highs[i]!, high)
}

export const isEmpty = (points: Points): boolean => points.counts.every((count) => count === 0)

/** The same in coarser buckets: `bucketMs` is a multiple of the points'. */
export const gathered = (points: Points, bucketMs: number): Points => {
  if (bucketMs === points.bucketMs) return points
  const from = points.first * points.bucketMs
  const into = emptyPoints({ from, to: points.to }, bucketMs)
  for (const [i, count] of points.counts.entries())
    addTo(into, Math.floor(((points.first + i) * points.bucketMs) / bucketMs), count, points.sums[i]!, points.lows[i]!, points.highs[i]!)
  return into
}

/** The usual time between two readings, ms: the median over buckets that hold one, up to `until`; null when there are too few to say. */
export const usualIntervalMs = (points: Points, until = Infinity): number | null => {
  const apart: number[] = []
  let last = -1
  for (const [i, count] of points.counts.entries()) {
    if (count === 0 || (points.first + i) * points.bucketMs >= until) continue
    if (last >= 0) apart.push(((i - last) * points.bucketMs) / count)
    last = i
  }
  if (apart.length < 3) return null
  return apart.sort((a, b) => a - b)[apart.length >> 1]!
}

/**
 * Coarse enough that a device which reports as it always does leaves no bucket empty: a gap then means that it did not.
 * @param times so many usual intervals a bucket at least
 */
export const withoutFalseGaps = (points: Points, times: number, until = Infinity): Points => {
  const interval = usualIntervalMs(points, until) ?? usualIntervalMs(points)
  if (interval === null || interval * times <= points.bucketMs) return points
  return gathered(points, ladderMs.find((bucketMs) => bucketMs >= Math.max(points.bucketMs, interval * times)) ?? ladderMs.at(-1)!)
}
