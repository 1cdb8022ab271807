import { type HistogramSnapshot, quantileMs } from '../../contracts/histogram.ts'
import type { FigurePath, LatencyPath, RoleFigures } from '../../contracts/machine-figures.ts'
import { difference, merged } from '../role-figures.ts'

/** A role, and the machine that it is on. */
export type PlacedRole = RoleFigures & { readonly machine: string }

/** Rates and quantiles are of the last seconds: as long as there is something to count, as short as it stays true. */
const windowMs = 10_000
const rateMsMin = 500

/** What the processes of the roles counted lately: each for itself, so that one which was started again takes nothing from the others. */
export interface RoleSeries {
  /** The figures of all roles as they are now; those that are not among them are forgotten. */
  take(roles: readonly PlacedRole[]): void
  /** A second, over all that are asked for; null: not known of any of them. */
  rate(roles: readonly PlacedRole[], path: FigurePath): number | null
  quantile(roles: readonly PlacedRole[], path: LatencyPath, q: number): number | null
}

export const createRoleSeries = (): RoleSeries => {
  let series = new Map<string, RoleFigures[]>()

  const uptime = ({ figures }: RoleFigures): number => figures['process.uptimeSeconds'] ?? 0
  /** A role that was started again counts from nothing, and what was counted before is no beginning. */
  const isNewStart = (before: RoleFigures, role: RoleFigures): boolean =>
    role.restarts !== before.restarts || role.atMs < before.atMs || uptime(role) < uptime(before)

  const keyOf = ({ machine, name }: PlacedRole): string => `${machine}\n${name}`
  const ends = (role: PlacedRole): readonly [RoleFigures | undefined, RoleFigures | undefined] => {
    const samples = series.get(keyOf(role)) ?? []
    return [samples[0], samples.at(-1)]
  }

  return {
    take(roles) {
      series = new Map(
        roles.map((role): [string, RoleFigures[]] => {
          const key = keyOf(role)
          const samples = series.get(key) ?? []
          const newest = samples.at(-1)
          // Between two tellings nothing is new; of a role that does not run nothing is counted.
          if (role.state !== 'running' || newest?.atMs === role.atMs) return [key, samples]
          if (newest !== undefined && isNewStart(newest, role)) return [key, [role]]
          const all = [...samples, role]
          return [key, all.filter(({ atMs }, i) => role.atMs - atMs <= windowMs || i >= all.length - 2)]
        }),
      )
    },
    rate(roles, path) {
      let sum: number | null = null
      for (const role of roles) {
        const [from, to] = ends(role)
        const [first, last] = [from?.figures[path], to?.figures[path]]
        if (first === undefined || last === undefined || last < first || to!.atMs - from!.atMs < rateMsMin) continue
        sum = (sum ?? 0) + ((last - first) * 1_000) / (to!.atMs - from!.atMs)
      }
      return sum === null ? null : Math.round(sum * 10) / 10
    },
    quantile(roles, path, q) {
      const recent = roles.flatMap((role): HistogramSnapshot[] => {
        const [from, to] = ends(role)
        const last = to?.latencies[path]
        if (last === undefined) return []
        const first = from === to ? undefined : from?.latencies[path]
        return [first === undefined || first.count > last.count ? last : difference(last, first)]
      })
      const all = recent.length === 0 ? null : merged(recent)
      return all === null || all.count === 0 ? null : Math.round(quantileMs(all, q) * 10) / 10
    },
  }
}
