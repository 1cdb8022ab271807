import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Signal } from '../../../../contracts/api/alerts.ts'
import type { Severity } from '../../../../contracts/finding.ts'
import { useDesk } from '../desk.ts'
import { brief, clockTime } from '../parts/format.ts'
import { useStore } from '../state/store.ts'
import { coloursOf } from './colours.ts'
import { newestText } from './newest-text.ts'
import { columnsOf, hasSpread } from './segments.ts'
import { dataOf, optionsOf } from './uplot-options.ts'

/** uPlot measures its labels when it is made: the font has to be there. */
const fontReady = document.fonts.load("11px 'Geist Mono Variable'").then(
  () => undefined,
  () => undefined,
)

/** One signal with its band, the anomaly shaded; drawn on a canvas. */
export const Plot = ({
  signal,
  severity,
  showBand,
  syncKey,
  small = false,
  onRange = null,
}: {
  signal: Signal
  severity: Severity
  showBand: boolean
  syncKey: string
  small?: boolean
  onRange?: ((from: number, to: number) => void) | null
}) => {
  const { clock, preferences } = useDesk()
  const theme = useStore(preferences, (chosen) => chosen.theme)
  const place = useRef<HTMLDivElement>(null)
  const said = useRef<HTMLSpanElement>(null)
  const ranging = useRef(onRange)
  ranging.current = onRange
  const newest = newestText(signal, clock.nowMs())
  const nowText = newest ?? 'no data'
  const empty = newest === null

  useEffect(() => {
    const box = place.current
    if (box === null || empty) return
    let plot: uPlot | null = null
    let gone = false
    const columns = columnsOf(signal)
    const observer = new ResizeObserver(() => {
      if (box.clientWidth > 0 && box.clientHeight > 0) plot?.setSize({ width: box.clientWidth, height: box.clientHeight })
    })
    const make = () => {
      if (gone) return
      const options = optionsOf(
        {
          colours: coloursOf(severity),
          columns,
          anomaly: signal.anomaly,
          showBand: showBand && signal.band !== null,
          showSpread: hasSpread(signal),
          syncKey,
          small,
          onRange: ranging.current === null ? null : (from, to) => ranging.current?.(from, to),
          onCursor: (at) => {
            if (said.current === null) return
            const seconds = at === null ? undefined : columns.seconds[at]
            const value = at === null ? null : (columns.observed[at] ?? null)
            said.current.textContent =
              seconds === undefined ? nowText : `${clockTime(seconds * 1_000)}  ${value === null ? 'no data' : brief(value)}`
          },
        },
        box.clientWidth,
        box.clientHeight,
      )
      plot = new uPlot(options, dataOf(columns), box)
      observer.observe(box)
    }
    void fontReady.then(make)
    return () => {
      gone = true
      observer.disconnect()
      plot?.destroy()
    }
  }, [signal, severity, showBand, syncKey, small, theme, nowText, empty])

  return (
    <figure className={`plot ${signal.role}`}>
      <figcaption>
        <b>{signal.title}</b> <span className="muted">{signal.unit}</span>
        <span className="grow" />
        {signal.learning === null ? null : <span className="soft">{signal.learning}</span>}
        <span
          ref={said}
          className={`mono ${signal.role === 'primary' && signal.anomaly !== null && signal.anomaly.to === null ? severity : 'soft'}`}
        >
          {nowText}
        </span>
      </figcaption>
      <div className="plot-canvas" role="img" aria-label={`${signal.title} in ${signal.unit}, ${nowText}`}>
        {empty ? <div className="plot-empty">Nothing was received in this time.</div> : <div ref={place} />}
      </div>
    </figure>
  )
}
