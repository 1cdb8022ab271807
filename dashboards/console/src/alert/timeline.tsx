import { Fragment } from 'react'
import { clockTime, dayTime } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useDesk } from '../desk.ts'
import { platformActor } from '../alerts/told.ts'
import { useTimeline } from './use-alert.ts'

/** What happened, newest first: each line is a link of the hash chain. */
export const Timeline = ({ id, severity }: { id: string; severity: string }) => {
  const timeline = useTimeline(id)
  const { people, clock } = useDesk()
  const nowMs = clock.nowMs()
  return (
    <section className="timeline" aria-label="Timeline">
      <h2>Timeline</h2>
      {timeline.isError ? (
        <ProblemNote error={timeline.error} retry={() => void timeline.refetch()} old={timeline.data !== undefined} />
      ) : null}
      <ol>
        {timeline.data?.items.map((entry) => (
          <li
            key={entry.sequence}
            className={entry.type.startsWith('finding.') || entry.type === 'alert.raised' ? `from-device ${severity}` : ''}
          >
            <time
              className="mono"
              dateTime={new Date(entry.occurredAt).toISOString()}
              title={`occurred ${clockTime(entry.occurredAt)}, recorded ${clockTime(entry.recordedAt)}, hash ${entry.hash}`}
            >
              {dayTime(entry.occurredAt, nowMs)}
            </time>
            <span>
              {entry.actor === platformActor ? null : <Fragment>{people.nameOf(entry.actor)}: </Fragment>}
              {entry.text}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
