import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../../../../contracts/api/routes.ts'
import { useDesk } from '../desk.ts'
import { useKeys } from '../keys/use-keys.ts'
import { dayTime, duration } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Plot } from '../plot/plot.tsx'
import { zoomed } from '../plot/segments.ts'
import { useStore } from '../state/store.ts'

const hourMs = 3_600_000
const spans = [
  ['15 min', hourMs / 4],
  ['1 h', hourMs],
  ['6 h', 6 * hourMs],
  ['24 h', 24 * hourMs],
  ['7 days', 168 * hourMs],
] as const

/** Everything that the device measured, one plot a vital, with one cursor through all of them. */
export const DeviceVitals = ({ device }: { device: string }) => {
  const { client, clock, preferences } = useDesk()
  const showBand = useStore(preferences, ({ band }) => band)
  const [spanMs, setSpan] = useState<number>(hourMs)
  const [range, setRange] = useState<{ from: number; to: number } | null>(null)
  const vitals = useQuery({
    queryKey: ['vitals', device, spanMs, range],
    refetchInterval: range === null ? 10_000 : false,
    placeholderData: (before: Answer<'deviceVitals'> | undefined, query) => (query?.queryKey[1] === device ? before : undefined),
    structuralSharing: false,
    queryFn: ({ signal }): Promise<Answer<'deviceVitals'>> => {
      const nowMs = clock.nowMs()
      return client.call('deviceVitals', {
        params: { device },
        query: range ?? { from: Math.round(nowMs - spanMs), to: Math.round(nowMs) },
        signal,
      })
    },
  })
  const zoom = (factor: number) => {
    const nowMs = clock.nowMs()
    const next = zoomed(range ?? { from: nowMs - spanMs, to: nowMs }, factor, nowMs)
    setRange({ from: Math.max(next.from, next.to - 168 * hourMs), to: next.to })
  }
  useKeys({
    'plot.narrower': () => zoom(0.5),
    'plot.wider': () => zoom(2),
    'plot.reset': () => setRange(null),
    'plot.band': () => preferences.set((now) => ({ ...now, band: !now.band })),
  })
  return (
    <div className="vitals">
      <div className="vitals-head">
        <div className="segments" role="group" aria-label="Time">
          {spans.map(([title, ms]) => (
            <button
              key={ms}
              type="button"
              aria-pressed={range === null && spanMs === ms}
              onClick={() => {
                setRange(null)
                setSpan(ms)
              }}
            >
              {title}
            </button>
          ))}
        </div>
        {range === null ? null : (
          <span className="soft mono">
            {dayTime(range.from, clock.nowMs())} – {dayTime(range.to, clock.nowMs())}
          </span>
        )}
        {vitals.data?.behindMs == null ? null : <span className="high">history {duration(vitals.data.behindMs)} behind</span>}
      </div>
      {vitals.isError ? <ProblemNote error={vitals.error} retry={() => void vitals.refetch()} old={vitals.data !== undefined} /> : null}
      {vitals.data === undefined && !vitals.isError ? (
        <Late>
          <span className="skeleton" />
        </Late>
      ) : null}
      {vitals.data?.signals.length === 0 ? <div className="plot-empty">Nothing was received in this time.</div> : null}
      <div className="vitals-plots">
        {vitals.data?.signals.map((signal) => (
          <Plot
            key={signal.id}
            signal={signal}
            severity="high"
            showBand={showBand}
            syncKey={device}
            small
            onRange={(from, to) => setRange({ from: Math.round(from), to: Math.round(to) })}
          />
        ))}
      </div>
    </div>
  )
}
