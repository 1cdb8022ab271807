import { SeverityMark } from '../parts/severity.tsx'
import { whole } from '../parts/format.ts'
import { Histogram } from './histogram.tsx'
import { severities, type QueueView } from './queue-view.ts'
import { useSummary } from './use-summary.ts'

/** Counts by severity and past due, and the last hour: each of them is a filter. */
export const QueueStrip = ({ view, setView }: { view: QueueView; setView: (change: Partial<QueueView>) => void }) => {
  const { data } = useSummary()
  return (
    <div className="strip dims">
      {severities.map((severity) => {
        const on = view.severity.includes(severity)
        return (
          <button
            key={severity}
            type="button"
            className="count"
            aria-pressed={on}
            onClick={() => setView({ severity: on ? view.severity.filter((one) => one !== severity) : [...view.severity, severity] })}
          >
            <span className="count-number">
              <SeverityMark severity={severity} size={11} />
              <b>{data === undefined ? '–' : whole(data.severities[severity])}</b>
            </span>
            <span className="count-name">{severity}</span>
          </button>
        )
      })}
      <button type="button" className="count past" aria-pressed={view.pastDue} onClick={() => setView({ pastDue: !view.pastDue })}>
        <span className="count-number">
          <b className={(data?.pastDue ?? 0) > 0 ? 'crit' : ''}>{data === undefined ? '–' : whole(data.pastDue)}</b>
        </span>
        <span className="count-name">past SLA</span>
      </button>
      <Histogram minutes={data?.histogram ?? []} from={view.from} to={view.to} onRange={(from, to) => setView({ from, to })} />
    </div>
  )
}
