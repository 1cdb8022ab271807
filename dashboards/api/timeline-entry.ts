import type { TimelineEntry } from '../../contracts/api/alerts.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'

const when = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

const textOf = (event: CaseEvent): string => {
  switch (event.type) {
    case 'finding.folded':
    case 'alert.raised':
      return `${event.opened ? 'Opened' : 'Seen again'}: ${event.why}`
    case 'finding.suppressed':
      return `Hidden by suppression ${event.suppression}: ${event.why}`
    case 'alert.acknowledged':
      return 'Acknowledged'
    case 'alert.assigned':
      return event.owner === null ? 'Nobody owns it now' : `Assigned to ${event.owner}`
    case 'alert.snoozed':
      return `Snoozed until ${when(event.until)} UTC`
    case 'alert.woken':
      return { time: 'Back: the snooze is over', 'by-hand': 'Back in the queue', worse: 'Back: it got worse' }[event.because]
    case 'alert.closed':
      return `Closed as ${event.verdict.replace('-', ' ')}: ${event.reason}`
    case 'alert.noted':
      return event.note
    case 'alert.contained':
      return `Contained: ${event.reason}`
    case 'alert.undone':
      return `Took the last action back: ${event.to.state} again${event.to.owner === null ? '' : `, owned by ${event.to.owner}`}`
    case 'alert.breached':
      return event.clock === 'acknowledge' ? 'Not acknowledged in time' : 'Not contained in time'
    case 'suppression.added':
      return `Suppression added: ${event.reason}`
    case 'suppression.ended':
      return event.because === 'expired' ? 'The suppression ran out' : 'Suppression ended'
  }
}

/** One line of the timeline. */
export const timelineEntry = (event: CaseEvent): TimelineEntry => ({
  sequence: event.sequence,
  type: event.type,
  occurredAt: 'at' in event ? event.at : event.recordedAt,
  recordedAt: event.recordedAt,
  actor: event.actor,
  text: textOf(event),
  hash: event.hash,
})
