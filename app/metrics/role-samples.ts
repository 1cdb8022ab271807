import { type HistogramSnapshot, latencyBucketsMs } from '../../contracts/histogram.ts'
import type { RoleStatus } from '../role-status.ts'
import { logSamples } from './log-metrics.ts'
import { counter, gauge, type MetricSpec, type Sample } from './metric.ts'
import { roleMetrics } from './role-metrics.ts'

type Labels = Readonly<Record<string, string>>

const up = gauge('role_up', 'Whether the process of a role runs.')
const restarts = counter('role_restarts', 'Times that it was started again.')
const statsAge = gauge('role_stats_age_seconds', 'Since a running role spoke to its supervisor.')

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isHistogram = (value: unknown): value is HistogramSnapshot =>
  isRecord(value) && Array.isArray(value['counts']) && typeof value['sum'] === 'number'
const snake = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll(/[^a-z0-9_]/g, '_')

/** A role's statistics by the table of its kind. What no table names is told too, as a gauge under its path, so that nothing is lost unseen. */
export const roleSamples = (role: RoleStatus, nowMs: number): Sample[] => {
  const labels: Labels = { role: role.kind, process: role.name }
  const table = roleMetrics[role.kind]
  const walk = (path: string, value: unknown): Sample[] => {
    const spec = table[path]
    if (spec === null) return []
    if (spec !== undefined) return told(spec, value, labels)
    if (isHistogram(value)) return []
    if (isRecord(value)) return Object.entries(value).flatMap(([key, inner]) => walk(`${path}.${key}`, inner))
    if (typeof value !== 'number' && typeof value !== 'boolean') return []
    return [{ spec: gauge(`${role.kind}_${snake(path)}`, 'A figure of the role.'), labels, value: Number(value) }]
  }
  const age = role.statsAtMs === null ? [] : [{ spec: statsAge, labels, value: Math.max(0, (nowMs - role.statsAtMs) / 1_000) }]
  return [
    { spec: up, labels, value: role.state === 'running' ? 1 : 0 },
    { spec: restarts, labels, value: role.restarts },
    ...age,
    ...Object.entries(role.stats ?? {}).flatMap(([key, value]) =>
      key === 'log' && isRecord(value) ? logSamples(value, labels) : walk(key, value),
    ),
  ]
}

const told = (spec: MetricSpec, value: unknown, labels: Labels): Sample[] => {
  const scale = spec.scale ?? 1
  if (spec.presence === true) return [{ spec, labels, value: value === null ? 0 : 1 }]
  if (spec.type === 'histogram') return isHistogram(value) ? histogramSamples(spec, value, labels, scale) : []
  if (spec.by !== undefined)
    return isRecord(value)
      ? Object.entries(value).flatMap(([key, inner]) =>
          typeof inner === 'number' ? [{ spec, labels: { ...labels, ...keyLabels(spec.by!, key) }, value: inner * scale }] : [],
        )
      : []
  return typeof value === 'number' || typeof value === 'boolean' ? [{ spec, labels, value: Number(value) * scale }] : []
}

const keyLabels = (by: string, key: string): Labels => {
  if (by !== 'partition') return { [by]: key }
  const at = key.lastIndexOf('/')
  return { topic: key.slice(0, at), partition: key.slice(at + 1) }
}

const histogramSamples = (spec: MetricSpec, { counts, sum, count }: HistogramSnapshot, labels: Labels, scale: number): Sample[] => {
  let below = 0
  return [
    ...counts.map((here, i): Sample => {
      below += here
      const bound = latencyBucketsMs[i]
      return { spec, suffix: '_bucket', labels: { ...labels, le: bound === undefined ? '+Inf' : rounded(bound * scale) }, value: below }
    }),
    { spec, suffix: '_sum', labels, value: sum * scale },
    { spec, suffix: '_count', labels, value: count },
  ]
}

/** 0.3 * 0.001 has a tail in binary, which a label must not show. */
const rounded = (bound: number): string => String(Number(bound.toPrecision(12)))
