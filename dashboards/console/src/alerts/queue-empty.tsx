import { useNowMs } from '../live/use-now.ts'
import { span, whole } from '../parts/format.ts'
import type { QueueView } from './queue-view.ts'
import { useSummary } from './use-summary.ts'

const nothing = {
  triage: 'Queue clear.',
  mine: 'Nothing is yours.',
  snoozed: 'Nothing is snoozed.',
  closed: 'Nothing has been closed yet.',
} as const

/** An empty queue proves that the pipeline lives: when the last alert was, and how many devices are heard. */
export const QueueEmpty = ({ view, filtered, onClearFilters }: { view: QueueView; filtered: boolean; onClearFilters: () => void }) => {
  const { data } = useSummary()
  const nowMs = useNowMs()
  if (filtered)
    return (
      <div className="empty">
        <strong>No alert is like that.</strong>
        <button type="button" className="button small" onClick={onClearFilters}>
          Clear the filters
        </button>
      </div>
    )
  return (
    <div className="empty">
      <strong>{nothing[view.tab]}</strong>
      {data === undefined ? null : (
        <span>
          {data.lastAlertAt === null ? 'No alert so far' : `Last alert ${span(nowMs - data.lastAlertAt)} ago`};{' '}
          {whole(data.devices.reporting)} of {whole(data.devices.enrolled)} devices reporting.
        </span>
      )}
    </div>
  )
}
