import type { Alert } from '../../contracts/alert.ts'
import type { TimelineEntry } from '../../contracts/api/alerts.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { DeskHistory } from '../../contracts/desk-history.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import { timelineEntry } from './timeline-entry.ts'

const tailsTried = [10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1] as const

/** The longest tail of the chain that memory holds. */
const tail = (desk: TriageDesk): readonly CaseEvent[] => {
  for (const back of tailsTried) {
    const events = desk.eventsSince(Math.max(0, desk.sequence - back))
    if (events !== null) return events
  }
  return []
}

/**
 * An alert's events, newest first: what has landed from ClickHouse, and before it what only memory has yet. When ClickHouse is away, memory
 * answers alone if it has the alert from its opening on; else it rejects.
 */
export const readTimeline = async (
  desk: TriageDesk,
  history: DeskHistory,
  alert: Alert,
  below: number | null,
  limit: number,
): Promise<{ items: TimelineEntry[]; next: string | null }> => {
  const recent = tail(desk)
    .filter((event) => 'alert' in event && event.alert === alert.id && (below === null || event.sequence < below))
    .reverse()
  const whole = recent.some((event) => 'opened' in event && event.opened)
  const landed = whole || recent.length > limit ? [] : await history.timeline(alert.id, below, limit + 1)
  const known = new Set(recent.map(({ sequence }) => sequence))
  const events = [...recent, ...landed.filter(({ sequence }) => !known.has(sequence))]
    .sort((a, b) => b.sequence - a.sequence)
    .slice(0, limit + 1)
  const items = events.slice(0, limit)
  return { items: items.map(timelineEntry), next: events.length > limit ? String(items.at(-1)!.sequence) : null }
}
