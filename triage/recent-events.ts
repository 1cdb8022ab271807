import type { CaseEvent } from '../contracts/case-event.ts'

export const recentEventsMax = 10_000

/** The last events that are durable, for whoever was away for a moment. */
export interface RecentEvents {
  push(event: CaseEvent): void
  /** Those after `sequence`, oldest first; null when one of them is no longer held, or `sequence` is beyond the end. */
  since(sequence: number): readonly CaseEvent[] | null
}

export const createRecentEvents = (eventsMax = recentEventsMax): RecentEvents => {
  const ring: CaseEvent[] = []
  let end = 0
  return {
    push(event) {
      ring[event.sequence % eventsMax] = event
      end = event.sequence
    },
    since(sequence) {
      if (sequence < 0 || sequence > end || !Number.isInteger(sequence)) return null
      const events: CaseEvent[] = []
      for (let next = sequence + 1; next <= end; next++) {
        const event = ring[next % eventsMax]
        if (event?.sequence !== next) return null
        events.push(event)
      }
      return events
    },
  }
}
