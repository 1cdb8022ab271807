import { type HistogramSnapshot, latencyBucketsMs } from '../contracts/histogram.ts'
import type { RoleStatus } from './supervisor.ts'

const snake = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll(/[^a-z0-9_]/g, '_')
const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const isHistogram = (value: unknown): value is HistogramSnapshot =>
  typeof value === 'object' &&
  value !== null &&
  Array.isArray((value as HistogramSnapshot).counts) &&
  typeof (value as HistogramSnapshot).sum === 'number'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * The Prometheus text format (0.0.4) over the statistics of the roles: `wardwatch_<role>_<name>{instance}`. A record whose name ends in
 * `By<Word>` becomes a label; a histogram in ms becomes `_bucket`, `_sum` and `_count`.
 */
export const prometheusText = (roles: readonly RoleStatus[]): string => {
  const samples: Sample[] = []
  const histograms = new Set<string>()
  const walk = (name: string, value: unknown, labels: Readonly<Record<string, string>>): void => {
    if (typeof value === 'number') samples.push({ name, labels, value })
    else if (typeof value === 'boolean') samples.push({ name, labels, value: value ? 1 : 0 })
    else if (isHistogram(value)) {
      histograms.add(name)
      let below = 0
      value.counts.forEach((count, i) => {
        below += count
        samples.push({ name: `${name}_bucket`, labels: { ...labels, le: String(latencyBucketsMs[i] ?? '+Inf') }, value: below })
      })
      samples.push({ name: `${name}_sum`, labels, value: value.sum }, { name: `${name}_count`, labels, value: value.count })
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const by = /^(.*?)_by_([a-z_]+)$/.exec(name)
      for (const [key, inner] of Object.entries(value)) {
        if (by === null) walk(`${name}_${snake(key)}`, inner, labels)
        else walk(by[1]!, inner, { ...labels, [by[2]!]: key })
      }
    }
  }
  for (const role of roles) {
    const labels = { instance: role.name }
    samples.push({ name: 'wardwatch_role_up', labels: { ...labels, role: role.kind }, value: role.state === 'running' ? 1 : 0 })
    samples.push({ name: 'wardwatch_role_restarts_total', labels: { ...labels, role: role.kind }, value: role.restarts })
    for (const [key, value] of Object.entries(role.stats ?? {})) walk(`wardwatch_${role.kind}_${snake(key)}`, value, labels)
  }
  const byName = Map.groupBy(samples, ({ name }) => name)
  const lines: string[] = []
  const typed = new Set<string>()
  for (const [name, group] of byName) {
    const family = name.replace(/_(bucket|sum|count)$/, '')
    if (histograms.has(family)) {
      if (!typed.has(family)) lines.push(`# TYPE ${family} histogram`)
      typed.add(family)
    } else lines.push(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`)
    for (const { labels, value } of group) {
      const text = Object.entries(labels).map(([key, label]) => `${key}="${escape(label)}"`)
      lines.push(`${name}{${text.join(',')}} ${Number.isFinite(value) ? value : 'NaN'}`)
    }
  }
  return `${lines.join('\n')}\n`
}
