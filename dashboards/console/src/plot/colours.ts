import type { Severity } from '../../../../contracts/finding.ts'

export interface PlotColours {
  readonly trace: string
  readonly band: string
  readonly bandLine: string
  readonly grid: string
  readonly text: string
  readonly hatch: string
  readonly severity: string
  readonly shade: string
}

const names: Readonly<Record<Severity, string>> = { critical: '--crit', high: '--high', medium: '--med', low: '--low' }

/** The theme's colours as a canvas needs them. */
export const coloursOf = (severity: Severity): PlotColours => {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    trace: of('--trace'),
    band: of('--band'),
    bandLine: of('--band-line'),
    grid: of('--grid'),
    text: of('--tx-2'),
    hatch: of('--hatch'),
    severity: of(`${names[severity]}-f`),
    shade: of(`${names[severity]}-bg`),
  }
}
