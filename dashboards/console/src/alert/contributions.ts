import type { Evidence } from '../../../../contracts/finding.ts'
import { brief, unitText } from '../parts/format.ts'

export interface Contribution {
  readonly feature: string
  readonly observed: string
  readonly expected: string
  /** Length of the bar, 0..1, and where the usual value stands on it; the bar's end is the larger of the two. */
  readonly share: number
  readonly mark: number | null
  readonly beyond: boolean
}

const textOf = (value: number | string, unit: string): string => {
  const text = typeof value === 'number' ? brief(value) : value
  return unit === '' || unit === '1' || unit === 'count' ? text : `${text} ${unitText(unit)}`
}

/** Evidence as bars: how far what was observed is from what is usual. */
export const contributions = (evidence: readonly Evidence[]): readonly Contribution[] =>
  evidence.map(({ feature, observed, expected, unit }) => {
    const common = { feature, observed: textOf(observed, unit), expected: textOf(expected, unit) }
    if (typeof observed !== 'number' || typeof expected !== 'number')
      return { ...common, share: observed === expected ? 0.04 : 1, mark: null, beyond: observed !== expected }
    const largest = Math.max(Math.abs(observed), Math.abs(expected))
    if (largest === 0) return { ...common, share: 0.04, mark: null, beyond: false }
    return {
      ...common,
      share: Math.max(0.04, Math.abs(observed) / largest),
      mark: Math.abs(expected) / largest,
      beyond: Math.abs(observed - expected) / largest > 0.05,
    }
  })
