import { RotateCcw, ZoomIn, ZoomOut } from 'lucide-react'
import { useState } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { useSignals, type TimeRange } from '../alert/use-alert.ts'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { duration, span } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useStore } from '../state/store.ts'
import { Plot } from './plot.tsx'
import { zoomed } from './segments.ts'

/** The alert's signal with its baseline, and a related one under it with the same cursor. */
const SignalPlots = ({ alert }: { alert: AlertView }) => {
  const { clock, preferences } = useDesk()
  const [range, setRange] = useState<TimeRange | null>(null)
  const showBand = useStore(preferences, ({ band }) => band)
  const query = useSignals(alert.id, range, alert.state !== 'closed')
  const signals = query.data?.signals ?? []
  const primary = signals.find(({ role }) => role === 'primary')
  const shown =
    range ?? (primary === undefined || primary.times.length === 0 ? null : { from: primary.times[0]!, to: primary.times.at(-1)! })
  const zoom = (factor: number) => {
    if (shown !== null) setRange(zoomed(shown, factor, clock.nowMs(), primary?.anomaly?.from ?? null))
  }
  const toggleBand = () => preferences.set((now) => ({ ...now, band: !now.band }))
  useKeys({
    'plot.narrower': () => zoom(0.5),
    'plot.wider': () => zoom(2),
    'plot.reset': () => setRange(null),
    'plot.band': toggleBand,
  })
  if (query.data === undefined)
    return (
      <div className="plots">
        {query.isError ? (
          <ProblemNote error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Late>
            <span className="skeleton" />
          </Late>
        )}
      </div>
    )
  const band = primary?.band ?? null
  return (
    <div className="plots">
      {query.isError ? <ProblemNote error={query.error} retry={() => void query.refetch()} old /> : null}
      {signals.length === 0 ? <div className="plot-empty">This alert rests on events, not on a signal over time.</div> : null}
      {signals.map((signal) => (
        <Plot
          key={signal.id}
          signal={signal}
          severity={alert.severity}
          showBand={showBand}
          syncKey={alert.id}
          small={signal.role === 'related'}
          onRange={(from, to) => setRange({ from: Math.round(from), to: Math.round(to) })}
        />
      ))}
      {primary === undefined ? null : (
        <div className="plot-key">
          <span>
            <i />
            observed
          </span>
          {band === null ? (
            <span>{primary.learning ?? 'no baseline'}</span>
          ) : (
            <button type="button" aria-pressed={showBand} onClick={toggleBand} title="Baseline band (B)">
              <i className="band" />
              {band.of}
            </button>
          )}
          <span>
            <i className={alert.severity} />
            {band === null ? 'the anomaly' : 'outside of it'}
          </span>
          <span className="tools">
            {query.data.behindMs === null ? null : <span className="high">history {duration(query.data.behindMs)} behind</span>}
            {shown === null ? null : (
              <span className="muted">
                {span(shown.to - shown.from)}, {duration(primary.bucketMs)} buckets
              </span>
            )}
            <button type="button" className="icon-button" onClick={() => zoom(0.5)} aria-label="Zoom in" title="Zoom in ([)">
              <ZoomIn className="icon" aria-hidden="true" />
            </button>
            <button type="button" className="icon-button" onClick={() => zoom(2)} aria-label="Zoom out" title="Zoom out (])">
              <ZoomOut className="icon" aria-hidden="true" />
            </button>
            <button type="button" className="icon-button" onClick={() => setRange(null)} aria-label="Whole range" title="Whole range (R)">
              <RotateCcw className="icon" aria-hidden="true" />
            </button>
          </span>
        </div>
      )}
    </div>
  )
}
export default SignalPlots
