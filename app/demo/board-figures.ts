import { type HistogramSnapshot, quantileMs } from '../../contracts/histogram.ts'
import type { BoardView } from '../board/render.ts'
import type { RoleStatus } from '../supervisor.ts'

const numberIn = (stats: object | null | undefined, name: string): number => {
  const value = (stats as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === 'number' ? value : 0
}

const sumOf = (record: unknown): number =>
  typeof record === 'object' && record !== null
    ? Object.values(record).reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0)
    : 0

/** Follows the roles' statistics: rates and quantiles of the last reports. */
export const createBoardFigures = (
  roles: () => readonly RoleStatus[],
  now: () => number,
): (() => Pick<BoardView, 'devices' | 'readingsPerSecond' | 'ackP99Ms' | 'detectorLagRecords' | 'rowsLanded'>) => {
  let before: { readonly atMs: number; readonly acknowledged: number; readonly latency: readonly HistogramSnapshot[] } | null = null
  let rate = 0
  let ackP99Ms = 0
  return () => {
    const all = roles()
    const edges = all.filter(({ kind }) => kind === 'edge')
    const acknowledged = edges.reduce((sum, { stats }) => sum + numberIn(stats, 'acknowledged'), 0)
    const latency = edges.flatMap(({ stats }) => (stats?.['ackLatency'] === undefined ? [] : [stats['ackLatency'] as HistogramSnapshot]))
    const atMs = now()
    if (before === null || atMs - before.atMs >= 2_000) {
      if (before !== null) {
        rate = Math.max(0, ((acknowledged - before.acknowledged) * 1_000) / (atMs - before.atMs))
        ackP99Ms = quantileMs(difference(merged(latency), merged(before.latency)), 0.99)
      }
      before = { atMs, acknowledged, latency }
    }
    const stats = (kind: RoleStatus['kind']) => all.find((role) => role.kind === kind)?.stats
    return {
      devices: edges.reduce((sum, role) => sum + numberIn(role.stats, 'signedIn'), 0),
      readingsPerSecond: rate,
      ackP99Ms,
      detectorLagRecords: sumOf(stats('detect')?.['lagByPartition']),
      rowsLanded: sumOf(stats('hub')?.['rowsByTable']),
    }
  }
}

const merged = (snapshots: readonly HistogramSnapshot[]): HistogramSnapshot => ({
  counts: snapshots.reduce<number[]>((sum, { counts }) => counts.map((count, i) => count + (sum[i] ?? 0)), []),
  sum: snapshots.reduce((sum, one) => sum + one.sum, 0),
  count: snapshots.reduce((sum, one) => sum + one.count, 0),
})

const difference = (a: HistogramSnapshot, b: HistogramSnapshot): HistogramSnapshot => ({
  counts: a.counts.map((count, i) => Math.max(0, count - (b.counts[i] ?? 0))),
  sum: Math.max(0, a.sum - b.sum),
  count: Math.max(0, a.count - b.count),
})
