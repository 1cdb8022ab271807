import type { Signal } from '../../../../contracts/api/alerts.ts'

type Values = readonly (number | null)[]
type Column = (number | null)[]

/** A signal as uPlot draws it: equally long columns, seconds, a null where nothing is known. */
export interface PlotColumns {
  readonly seconds: number[]
  readonly observed: Column
  /** The points outside of the band (or in the anomaly, where there is no band) with the neighbours that lead to them. */
  readonly outside: Column
  readonly low: Column
  readonly high: Column
  readonly bandLow: Column
  readonly bandHigh: Column
  /** Where nothing is known, s. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[]
}

/** Buckets apart at which two points are no neighbours. */
const gapBuckets = 1.75

const isOutside = (signal: Signal, at: number): boolean => {
  const value = signal.values[at] ?? null
  if (value === null) return false
  const { band, anomaly } = signal
  if (band !== null) {
    const [low, high] = [band.low[at], band.high[at]]
    return low !== undefined && high !== undefined && (value < low || value > high)
  }
  const time = signal.times[at]!
  return anomaly !== null && time >= anomaly.from && time <= (anomaly.to ?? Infinity)
}

export const columnsOf = (signal: Signal): PlotColumns => {
  const { times, bucketMs } = signal
  const columns: PlotColumns & { gaps: { from: number; to: number }[] } = {
    seconds: [],
    observed: [],
    outside: [],
    low: [],
    high: [],
    bandLow: [],
    bandHigh: [],
    gaps: [],
  }
  const marks = times.map((_, at) => isOutside(signal, at))
  const valueAt = (values: Values, at: number) => values[at] ?? null
  const hole = (seconds: number) => {
    columns.seconds.push(seconds)
    for (const column of [columns.observed, columns.outside, columns.low, columns.high, columns.bandLow, columns.bandHigh])
      column.push(null)
  }
  let unknownFrom: number | null = null
  const known = (seconds: number) => {
    if (unknownFrom !== null) columns.gaps.push({ from: unknownFrom, to: seconds })
    unknownFrom = null
  }
  times.forEach((time, at) => {
    const before = times[at - 1]
    const apart = before !== undefined && time - before > bucketMs * gapBuckets
    if (apart) {
      unknownFrom ??= before / 1_000
      hole((before + bucketMs) / 1_000)
    }
    const value = valueAt(signal.values, at)
    if (value === null) unknownFrom ??= (before ?? time) / 1_000
    else known(time / 1_000)
    const leads = !apart && marks[at - 1] === true
    const next = times[at + 1]
    const leadsOn = marks[at + 1] === true && next !== undefined && next - time <= bucketMs * gapBuckets
    columns.seconds.push(time / 1_000)
    columns.observed.push(value)
    columns.outside.push(marks[at] === true || leads || leadsOn ? value : null)
    columns.low.push(valueAt(signal.low, at))
    columns.high.push(valueAt(signal.high, at))
    columns.bandLow.push(signal.band?.low[at] ?? null)
    columns.bandHigh.push(signal.band?.high[at] ?? null)
  })
  const last = times.at(-1)
  if (last !== undefined) known(last / 1_000)
  return columns
}

/** Whether the extremes of the buckets say more than their means. */
export const hasSpread = ({ values, low, high }: Pick<Signal, 'values' | 'low' | 'high'>): boolean =>
  values.some((value, at) => value !== null && (low[at] !== value || high[at] !== value))

/** The range after zooming by a factor, not beyond now: in on what it is about when that is in sight, else around the middle. */
export const zoomed = (
  range: { readonly from: number; readonly to: number },
  factor: number,
  nowMs: number,
  about: number | null = null,
): { readonly from: number; readonly to: number } => {
  const inSight = factor < 1 && about !== null && about >= range.from && about <= range.to
  const middle = inSight ? about : (range.from + range.to) / 2
  const half = Math.max(15_000, ((range.to - range.from) / 2) * factor)
  const to = Math.min(nowMs, middle + half)
  return { from: Math.round(to - 2 * half), to: Math.round(to) }
}
