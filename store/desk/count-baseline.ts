import { type Learned, minutesMin } from './band.ts'

/** Quantile levels that the questions for counts ask, of the buckets that held something. */
export const countLevels = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 1] as const
export const countLevelsSql = countLevels.join(', ')

/** Buckets that held something, the first and the last of them, and their quantiles at `countLevels`. */
export type CountRow = readonly [held: number, first: number, last: number, quantiles: readonly (number | null)[]]

/** Between two levels that were asked, straight. */
const quantileAt = (quantiles: readonly (number | null)[], level: number): number => {
  let i = 0
  while (i < countLevels.length - 2 && countLevels[i + 1]! < level) i++
  const [a, b] = [countLevels[i]!, countLevels[i + 1]!]
  const [low, high] = [quantiles[i] ?? 0, quantiles[i + 1] ?? 0]
  return low + (high - low) * Math.max(0, Math.min(1, (level - a) / (b - a)))
}

/**
 * What is usual of a count by bucket. Buckets without a row are zeros while the pipeline lived, and nothing otherwise.
 * @param from where the counting begins, ms; the first row when that is earlier
 */
export const countLearned = (
  [held, first, , quantiles]: CountRow,
  {
    bucketMs,
    from,
    before,
    bucketsAlive,
  }: { bucketMs: number; from: number | null; before: number; bucketsAlive: (from: number, to: number) => number },
): Learned => {
  const begin = held === 0 ? from : Math.min(from ?? Infinity, first * bucketMs)
  if (begin === null || begin >= before) return { minutes: 0, baseline: null }
  const known = Math.max(held, bucketsAlive(begin, before))
  const minutes = Math.floor((known * bucketMs) / 60_000)
  if (minutes < minutesMin) return { minutes, baseline: null }
  const zeros = (known - held) / known
  const end = (level: number): number => (held === 0 || level <= zeros ? 0 : quantileAt(quantiles, (level - zeros) / (1 - zeros)))
  return { minutes, baseline: { overall: [end(0.01), end(0.99)], byHour: null, from: begin, to: before } }
}
