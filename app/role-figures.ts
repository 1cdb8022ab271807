import type { HistogramSnapshot } from '../contracts/histogram.ts'

/** A number of that name in a role's statistics; 0 without one. */
export const numberIn = (stats: object | null | undefined, name: string): number => {
  const value = (stats as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === 'number' ? value : 0
}

/** The sum of a record of numbers. */
export const sumOf = (record: unknown): number =>
  typeof record === 'object' && record !== null
    ? Object.values(record).reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0)
    : 0

/** Several processes' histograms as one. */
export const merged = (snapshots: readonly HistogramSnapshot[]): HistogramSnapshot => ({
  counts: snapshots.reduce<number[]>((sum, { counts }) => counts.map((count, i) => count + (sum[i] ?? 0)), []),
  sum: snapshots.reduce((sum, one) => sum + one.sum, 0),
  count: snapshots.reduce((sum, one) => sum + one.count, 0),
})

/** What came between two snapshots. */
export const difference = (a: HistogramSnapshot, b: HistogramSnapshot): HistogramSnapshot => ({
  counts: a.counts.map((count, i) => Math.max(0, count - (b.counts[i] ?? 0))),
  sum: Math.max(0, a.sum - b.sum),
  count: Math.max(0, a.count - b.count),
})
