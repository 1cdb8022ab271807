import type { Signal } from '../../contracts/api/alerts.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import { bandOver, type Learned } from './band.ts'
import type { Points } from './buckets.ts'

interface Plot {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly role: Signal['role']
  readonly points: Points
  /** What is usual; null: nothing is to be said about it. */
  readonly learned: Learned | null
  readonly anomaly: Signal['anomaly']
}

/** Six significant digits: a plot needs no more, and an answer is shorter. */
const short = (value: number): number => Number(value.toPrecision(6))

const plotted = (
  plot: Plot,
  valueOf: (i: number) => number | null,
  lowOf: (i: number) => number | null,
  highOf: (i: number) => number | null,
): Signal => {
  const { id, title, unit, role, points, learned, anomaly } = plot
  const { bucketMs, first, counts } = points
  const times = counts.map((_, i) => (first + i) * bucketMs)
  const { band, learning } = learned === null ? { band: null, learning: null } : bandOver(times, bucketMs, learned)
  return {
    id,
    title,
    unit,
    role,
    bucketMs,
    times,
    values: counts.map((_, i) => valueOf(i)),
    low: counts.map((_, i) => lowOf(i)),
    high: counts.map((_, i) => highOf(i)),
    band: band === null ? null : { low: band.low.map(short), high: band.high.map(short), of: band.of },
    learning,
    anomaly,
  }
}

/** Of a measured value: the mean of each bucket and its extremes; where nothing was measured there is a gap. */
export const measuredPlot = (plot: Plot): Signal => {
  const { counts, sums, lows, highs } = plot.points
  const held = (i: number, value: number): number | null => (counts[i] === 0 ? null : short(value))
  return plotted(
    plot,
    (i) => held(i, sums[i]! / counts[i]!),
    (i) => held(i, lows[i]!),
    (i) => held(i, highs[i]!),
  )
}

/**
 * Of how many: nothing is zero where the pipeline lived, and a gap where it did not. What lies ahead of `now` is a gap. A bucket that has only begun has less than
 * it will: it is left out until it has no less than the one before.
 */
export const countedPlot = (plot: Plot, alive: Pick<AliveMinutes, 'isAlive'>): Signal => {
  const { bucketMs, first, counts, sums } = plot.points
  const value = (i: number): number | null => {
    if (counts[i]! > 0) return short(sums[i]!)
    const from = (first + i) * bucketMs
    return alive.isAlive({ from, to: from + bucketMs }) ? 0 : null
  }
  const last = counts.length - 1
  const isUnfinished = (first + last + 1) * bucketMs > plot.points.to
  const fallsFalsely = last > 0 && isUnfinished && (value(last) ?? 0) < (value(last - 1) ?? 0)
  const shown = fallsFalsely ? { ...plot, points: { ...plot.points, counts: counts.slice(0, last) } } : plot
  return plotted(shown, value, value, value)
}

/** "per 10 s" */
export const perBucket = (bucketMs: number): string => {
  const seconds = bucketMs / 1_000
  if (seconds < 60) return `per ${seconds} s`
  if (seconds < 3_600) return `per ${seconds / 60} min`
  return seconds < 86_400 ? `per ${seconds / 3_600} h` : 'per day'
}
