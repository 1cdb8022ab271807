import type { Sample } from './metric.ts'

const escapeLabel = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** The Prometheus text format (0.0.4): each family once, with its help and type. */
export const prometheusText = (samples: readonly Sample[]): string => {
  const families = Map.groupBy(samples, ({ spec }) => spec.name)
  const lines: string[] = []
  for (const [name, group] of families) {
    const { type, help } = group[0]!.spec
    lines.push(`# HELP wardwatch_${name} ${help}`, `# TYPE wardwatch_${name} ${type}`)
    for (const { labels, value, suffix = '' } of group) {
      const text = Object.entries(labels).map(([key, label]) => `${key}="${escapeLabel(label)}"`)
      lines.push(`wardwatch_${name}${suffix}${text.length === 0 ? '' : `{${text.join(',')}}`} ${Number.isFinite(value) ? value : 'NaN'}`)
    }
  }
  return `${lines.join('\n')}\n`
}
