import { type HistogramSnapshot, quantileMs } from '../../contracts/histogram.ts'
import type { BoardView } from '../board/render.ts'
import { difference, merged, numberIn, sumOf } from '../role-figures.ts'
import type { RoleStatus } from '../supervisor.ts'

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
