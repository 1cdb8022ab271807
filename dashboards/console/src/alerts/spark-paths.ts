/**
 * SVG paths of a small plot, the usual part and the anomalous one (which begins at the last usual point, so that they meet). A null is a gap; a
 * single value between gaps is a dot.
 */
export const sparkPaths = (
  values: readonly (number | null)[],
  anomalyFrom: number | null,
  width: number,
  height: number,
): { readonly usual: string; readonly anomaly: string } => {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return { usual: '', anomaly: '' }
  const low = Math.min(...known)
  const range = Math.max(...known) - low
  const inset = 1.5
  const x = (at: number) => (values.length === 1 ? width : (at / (values.length - 1)) * (width - 2 * inset) + inset).toFixed(1)
  const y = (value: number) => (range === 0 ? height / 2 : height - inset - ((value - low) / range) * (height - 2 * inset)).toFixed(1)
  const pathOf = (from: number, to: number): string => {
    let path = ''
    let pen = false
    for (let at = from; at <= to; at++) {
      const value = values[at] ?? null
      if (value === null) pen = false
      else {
        path += `${pen ? 'L' : 'M'}${x(at)} ${y(value)}`
        if (!pen && (values[at + 1] ?? null) === null) path += 'h.1'
        pen = true
      }
    }
    return path
  }
  const end = values.length - 1
  if (anomalyFrom === null) return { usual: pathOf(0, end), anomaly: '' }
  return { usual: pathOf(0, anomalyFrom - 1), anomaly: pathOf(Math.max(0, anomalyFrom - 1), end) }
}
