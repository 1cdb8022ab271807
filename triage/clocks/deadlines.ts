import type { Alert } from '../../contracts/alert.ts'
import { createOrdered, type Place } from '../queue/ordered.ts'
import { nextChangeAt } from './due.ts'

/** Which alert time changes next. */
export interface Deadlines {
  /** @param id of an alert that is `alert` now; null: it has left memory */
  changed(id: string, alert: Alert | null): void
  /** Those whose time has come, the longest due first; at most `limit`. */
  reached(nowMs: number, limit: number): readonly string[]
}

export const createDeadlines = (): Deadlines => {
  const ordered = createOrdered<Place>()
  const places = new Map<string, Place>()
  return {
    changed(id, alert) {
      const at = alert === null ? null : nextChangeAt(alert)
      const before = places.get(id)
      if (before !== undefined) {
        if (before.a === at) return
        ordered.remove(before)
        places.delete(id)
      }
      if (at === null) return
      const place = { a: at, b: 0, id }
      places.set(id, place)
      ordered.add(place)
    },
    reached(nowMs, limit) {
      const ids: string[] = []
      for (const { a, id } of ordered.from(null)) {
        if (a > nowMs || ids.length >= limit) break
        ids.push(id)
      }
      return ids
    },
  }
}
