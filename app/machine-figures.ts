import type { HistogramSnapshot } from '../contracts/histogram.ts'
import {
  figurePaths,
  latencyPaths,
  machineProblemsMax,
  machineRolesMax,
  type MachineFigures,
  reasonPaths,
  type RoleFigures,
  sentenceCharsMax,
} from '../contracts/machine-figures.ts'
import { readiness } from './health.ts'
import { sumOf } from './role-figures.ts'
import type { RoleStatus, Stats } from './role-status.ts'

/** After so long without statistics nothing is known of a role, ms. */
const silentMs = 5_000

const at = (stats: Stats, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((here, key) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined), stats)

const amountAt = (stats: Stats, path: string): number | null => {
  const value = at(stats, path)
  const amount = typeof value === 'object' && value !== null ? sumOf(value) : value
  return typeof amount === 'number' && amount >= 0 && amount <= Number.MAX_SAFE_INTEGER ? amount : null
}

const histogramAt = (stats: Stats, path: string): HistogramSnapshot | null => {
  const value = at(stats, path) as HistogramSnapshot | undefined
  return Array.isArray(value?.counts) ? value : null
}

const reasonAt = (stats: Stats, path: string): string | null => {
  const value = at(stats, path)
  return typeof value === 'string' ? value.split('\n')[0]!.slice(0, sentenceCharsMax) : null
}

/** Those of the paths at which there is something. */
const gathered = <Path extends string, Value>(paths: readonly Path[], read: (path: Path) => Value | null): Partial<Record<Path, Value>> =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const value = read(path)
      return value === null ? [] : [[path, value]]
    }),
  ) as Partial<Record<Path, Value>>

/** What the Pipeline needs of a role. */
export const roleFiguresOf = ({ name, kind, state, restarts, stats, statsAtMs }: RoleStatus, nowMs: number): RoleFigures => {
  const heard = stats !== null && statsAtMs !== null && nowMs - statsAtMs < silentMs
  const told = state === 'running' && heard ? stats : {}
  return {
    name,
    kind,
    state: state === 'running' && !heard ? 'silent' : state,
    restarts,
    atMs: statsAtMs ?? 0,
    figures: gathered(figurePaths, (path) => amountAt(told, path)),
    latencies: gathered(latencyPaths, (path) => histogramAt(told, path)) as RoleFigures['latencies'],
    reasons: gathered(reasonPaths, (path) => reasonAt(told, path)),
  }
}

/** What a machine tells the desks. */
export const machineFiguresOf = (machine: string, run: string, roles: readonly RoleStatus[], nowMs: number): MachineFigures => ({
  machine,
  run,
  roles: roles.slice(0, machineRolesMax).map((role) => roleFiguresOf(role, nowMs)),
  problems: readiness(roles, nowMs)
    .problems.slice(0, machineProblemsMax)
    .map((problem) => problem.slice(0, sentenceCharsMax)),
  leaves: false,
})
