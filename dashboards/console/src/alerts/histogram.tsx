import { X } from 'lucide-react'
import { useRef, useState } from 'react'
import type { AlertSummary } from '../../../../contracts/api/alerts.ts'
import { shortTime } from '../parts/format.ts'
import { severities } from './queue-view.ts'

const minuteMs = 60_000
const bars = 60
const height = 30
/** From the bottom up: the worst on top. */
const stacked = severities.toReversed()

type Minute = AlertSummary['histogram'][number]
const sumOf = (minute: Minute) => minute.critical + minute.high + minute.medium + minute.low

/** Alerts opened in the last hour by minute; dragging over it filters by time. */
export const Histogram = ({
  minutes,
  from,
  to,
  onRange,
}: {
  minutes: readonly Minute[]
  from: number | null
  to: number | null
  onRange: (from: number | null, to: number | null) => void
}) => {
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const plot = useRef<SVGSVGElement>(null)
  const start = minutes[0]?.minute ?? 0
  const largest = Math.max(4, ...minutes.map(sumOf))
  const barAt = (x: number): number => {
    const box = plot.current?.getBoundingClientRect()
    if (box === undefined || box.width === 0) return 0
    return Math.max(0, Math.min(bars - 1, Math.floor(((x - box.left) / box.width) * bars)))
  }
  const chosen =
    drag ??
    (from === null && to === null
      ? null
      : { from: ((from ?? start) - start) / minuteMs, to: ((to ?? start + bars * minuteMs) - start) / minuteMs - 1 })
  const left = chosen === null ? 0 : Math.max(0, Math.min(chosen.from, chosen.to))
  const right = chosen === null ? 0 : Math.min(bars, Math.max(chosen.from, chosen.to) + 1)
  const total = minutes.reduce((sum, minute) => sum + sumOf(minute), 0)
  return (
    <div className="histogram">
      <svg
        ref={plot}
        viewBox={`0 0 ${bars * 8} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} alerts opened in the last 60 minutes`}
        onPointerDown={(event) => {
          if (minutes.length === 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: barAt(event.clientX), to: barAt(event.clientX) })
        }}
        onPointerMove={(event) => {
          if (drag !== null) setDrag({ from: drag.from, to: barAt(event.clientX) })
        }}
        onPointerUp={() => {
          if (drag === null) return
          setDrag(null)
          // Up to the last bar means up to now, and on.
          onRange(start + left * minuteMs, right >= bars ? null : start + right * minuteMs)
        }}
        onPointerCancel={() => setDrag(null)}
      >
        {chosen === null || right <= left ? null : (
          <rect className="chosen" x={left * 8} y={0} width={(right - left) * 8} height={height} />
        )}
        <path className="base" d={`M0 ${height - 0.5}H${bars * 8}`} />
        {minutes.map((minute, at) => {
          let y = height
          return stacked.map((severity) => {
            const size = (minute[severity] / largest) * (height - 2)
            y -= size
            return size === 0 ? null : (
              <rect key={`${at}${severity}`} className={`f-${severity}`} x={at * 8 + 1} y={y} width={6} height={size} />
            )
          })
        })}
      </svg>
      <div className="histogram-ends">
        {from === null && to === null ? (
          <>
            <span>−60 min</span>
            <span>now</span>
          </>
        ) : (
          <button type="button" className="chip" onClick={() => onRange(null, null)} aria-label="Remove the time filter">
            {from === null ? 'up to' : `${shortTime(from)} –`} {to === null ? 'now' : shortTime(to)}{' '}
            <X className="icon" aria-hidden="true" />
          </button>
        )}
      </div>
    </div>
  )
}
