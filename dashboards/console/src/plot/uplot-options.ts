import type uPlot from 'uplot'
import { brief, clockTime, shortTime } from '../parts/format.ts'
import type { PlotColours } from './colours.ts'
import type { PlotColumns } from './segments.ts'

export interface PlotLook {
  readonly colours: PlotColours
  readonly columns: PlotColumns
  readonly anomaly: { readonly from: number; readonly to: number | null } | null
  readonly showBand: boolean
  readonly showSpread: boolean
  /** Plots with the same key share their cursor. */
  readonly syncKey: string
  /** Fewer ticks for the small one. */
  readonly small: boolean
  readonly onRange: ((from: number, to: number) => void) | null
  readonly onCursor: (at: number | null) => void
}

const font = "11px 'Geist Mono Variable', ui-monospace, monospace"

/** What lies under the lines: the hatch where nothing is known, and the anomaly's shade with the line where it begins. */
const underlay = (plot: uPlot, look: PlotLook) => {
  const { ctx, bbox } = plot
  const x = (seconds: number) => plot.valToPos(seconds, 'x', true)
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  if (look.anomaly !== null) {
    const from = x(look.anomaly.from / 1_000)
    const to = look.anomaly.to === null ? bbox.left + bbox.width : x(look.anomaly.to / 1_000)
    ctx.fillStyle = look.colours.shade
    ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height)
  }
  ctx.strokeStyle = look.colours.hatch
  ctx.lineWidth = 1
  for (const gap of look.columns.gaps) {
    const from = x(gap.from)
    const to = x(gap.to)
    if (to - from < 3) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(from, bbox.top, to - from, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (let at = from - bbox.height; at < to; at += 9) {
      ctx.moveTo(at, bbox.top + bbox.height)
      ctx.lineTo(at + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
  ctx.restore()
}

const overlay = (plot: uPlot, look: PlotLook) => {
  if (look.anomaly === null) return
  const { ctx, bbox } = plot
  const at = Math.round(plot.valToPos(look.anomaly.from / 1_000, 'x', true)) + 0.5
  if (at < bbox.left || at > bbox.left + bbox.width) return
  ctx.save()
  ctx.strokeStyle = look.colours.severity
  ctx.lineWidth = 1
  ctx.beginPath()
  ctx.moveTo(at, bbox.top)
  ctx.lineTo(at, bbox.top + bbox.height)
  ctx.stroke()
  ctx.restore()
}

/** Values with room above and below; a signal that never changes gets a range too. */
const valueRange = (low: number | null, high: number | null): [number, number] => {
  if (low === null || high === null) return [0, 1]
  const room = high === low ? Math.max(1, Math.abs(high) * 0.1) : (high - low) * 0.08
  // A count or a rate begins at zero, also one that stays there; a temperature does not.
  const floor = low >= 0 && (low < high * 0.35 || low < room) ? 0 : low - room
  return [floor, high + room]
}

export const dataOf = ({ seconds, observed, outside, low, high, bandLow, bandHigh }: PlotColumns): uPlot.AlignedData => [
  seconds,
  bandHigh,
  bandLow,
  high,
  low,
  observed,
  outside,
]

export const optionsOf = (look: PlotLook, width: number, height: number): uPlot.Options => {
  const { colours } = look
  const quiet = { points: { show: false }, spanGaps: false }
  const hidden = { ...quiet, stroke: 'transparent', width: 0 }
  const span = (look.columns.seconds.at(-1) ?? 0) - (look.columns.seconds[0] ?? 0)
  return {
    width,
    height,
    padding: [6, 15, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      sync: { key: look.syncKey },
      drag: { x: look.onRange !== null, y: false, setScale: false },
    },
    scales: { x: { time: true }, y: { range: (_, low, high) => valueRange(low, high) } },
    axes: [
      {
        stroke: colours.text,
        font,
        size: 22,
        gap: 5,
        space: 76,
        grid: { show: false },
        ticks: { show: false },
        values: (_, ticks) => ticks.map((tick) => (span < 300 ? clockTime(tick * 1_000) : shortTime(tick * 1_000))),
      },
      {
        stroke: colours.text,
        font,
        size: 44,
        gap: 6,
        space: look.small ? 24 : 38,
        grid: { stroke: colours.grid, width: 1 },
        ticks: { show: false },
        values: (_, ticks) => ticks.map(brief),
      },
    ],
    series: [
      {},
      look.showBand ? { ...quiet, stroke: colours.bandLine, width: 0.5 } : { ...hidden, show: false },
      look.showBand ? { ...quiet, stroke: colours.bandLine, width: 0.5 } : { ...hidden, show: false },
      look.showSpread ? hidden : { ...hidden, show: false },
      look.showSpread ? hidden : { ...hidden, show: false },
      { ...quiet, stroke: colours.trace, width: 1.25 },
      { ...quiet, stroke: colours.severity, width: 1.5 },
    ],
    bands: [
      ...(look.showBand ? [{ series: [1, 2] as [number, number], fill: colours.band }] : []),
      ...(look.showSpread ? [{ series: [3, 4] as [number, number], fill: `color-mix(in srgb, ${colours.trace} 14%, transparent)` }] : []),
    ],
    hooks: {
      drawClear: [(plot) => underlay(plot, look)],
      draw: [(plot) => overlay(plot, look)],
      setCursor: [(plot) => look.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width: chosen } = plot.select
          if (chosen < 4 || look.onRange === null) return
          look.onRange(plot.posToVal(left, 'x') * 1_000, plot.posToVal(left + chosen, 'x') * 1_000)
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
}
