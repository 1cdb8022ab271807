import { Check } from 'lucide-react'
import { memo } from 'react'
import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { useDesk } from '../desk.ts'
import { useNowMs } from '../live/use-now.ts'
import { age, countdown, dayTime, score, subjectText } from '../parts/format.ts'
import { SeverityMark } from '../parts/severity.tsx'
import { initialsOf } from '../state/people.ts'
import type { QueueRow } from './queue-model.ts'
import { Sparkline } from './sparkline.tsx'

const toldForMs = 20_000
/** A clock turns orange with this much left. */
const soonMs = 5 * 60_000

export const rowId = (id: string): string => `alert-${id}`

const Age = ({ since }: { since: number }) => age(useNowMs() - since)

const Due = ({ alert }: { alert: AlertView }) => {
  const nowMs = useNowMs()
  if (alert.state === 'closed') return <span className="soft">{alert.verdict?.replace('-positive', ' pos.') ?? '–'}</span>
  if (alert.state === 'snoozed')
    return <span className="soft">{alert.snoozedUntil === null ? '–' : countdown(alert.snoozedUntil - nowMs)}</span>
  if (alert.nextDueAt === null) return <span className="muted">–</span>
  const left = alert.nextDueAt - nowMs
  return (
    <span
      className={left < 0 ? 'crit' : left < soonMs ? 'high' : ''}
      title={`${alert.acknowledgedAt === null ? 'Acknowledge' : 'Contain'} by ${dayTime(alert.nextDueAt, nowMs)}`}
    >
      {countdown(left)}
    </span>
  )
}

const Told = ({ told }: { told: NonNullable<QueueRow['told']> }) =>
  useNowMs() - told.atMs > toldForMs ? null : <span className="told">{told.text}</span>

export const Row = memo(function Row({
  row,
  index,
  top,
  current,
  marked,
  wide,
}: {
  row: QueueRow
  index: number
  top: number
  current: boolean
  marked: boolean
  wide: boolean
}) {
  const { people } = useDesk()
  const { alert, told, leaving } = row
  const owner = alert.owner ?? alert.acknowledgedBy
  return (
    <div
      id={rowId(alert.id)}
      data-id={alert.id}
      className={`row row-alert ${leaving ? 'leaving' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={marked}
      aria-current={current || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className="c-mark" data-mark>
        {marked ? <Check className="icon marked" aria-label="marked" /> : <SeverityMark severity={alert.severity} label />}
      </span>
      <span role="gridcell" className="c-age mono">
        <Age since={alert.openedAt} />
      </span>
      <span role="gridcell" className="c-title">
        <span className="cut">{alert.title}</span>
        {alert.count > 1 ? <span className="times mono">×{alert.count}</span> : null}
        {alert.state === 'acknowledged' && told === null ? <Check className="icon seen" aria-label="acknowledged" /> : null}
        {told === null ? null : <Told told={told} />}
        {leaving && told === null ? <span className="told">{alert.state}</span> : null}
      </span>
      <span role="gridcell" className="c-device mono cut" title={alert.device}>
        {subjectText(alert.device)}
      </span>
      <span role="gridcell" className="c-ward cut">
        {alert.ward ?? alert.site ?? '–'}
      </span>
      <span role="gridcell" className="c-spark">
        {wide ? <Sparkline id={alert.id} severity={alert.severity} /> : null}
      </span>
      <span role="gridcell" className="c-score mono">
        {score(alert.score)}
      </span>
      <span role="gridcell" className="c-due mono">
        <Due alert={alert} />
      </span>
      <span role="gridcell" className="c-owner" title={owner === null ? 'Nobody’s' : people.nameOf(owner)}>
        {owner === null ? '–' : initialsOf(people.nameOf(owner))}
      </span>
    </div>
  )
})
