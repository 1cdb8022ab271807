import type { AlertListQuery } from '../../contracts/api/alerts.ts'
import type { AlertPage } from '../../contracts/triage-desk.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { filterOf, type SlotTest } from './filter.ts'
import { firstOf } from './first-of.ts'
import type { Queue } from './queue.ts'
import type { RowPlace } from './row.ts'
import type { ShelfIndex } from './shelf.ts'

/** With a filter `total` counts no further: one more says that there are more. */
export const totalMax = 10_000

const shelfOf = (queue: Queue, { tab }: AlertListQuery, asker: string | null): ShelfIndex | undefined =>
  tab === 'mine' ? (asker === null ? undefined : queue.owned(asker)) : queue.shelves[tab === 'triage' ? 'open' : tab]

/** The slots that match; at most one more than `totalMax`. */
const matching = (slots: Iterable<number> | number, matches: SlotTest): number[] => {
  const found: number[] = []
  if (typeof slots === 'number') {
    for (let slot = 0; slot < slots && found.length <= totalMax; slot++) if (matches(slot)) found.push(slot)
  } else for (const slot of slots) if (found.length <= totalMax && matches(slot)) found.push(slot)
  return found
}

/** A page of a list. A cursor that is none of this sort is answered with the first page. */
export const listAlerts = (queue: Queue, query: AlertListQuery, asker: string | null, nowMs: number): AlertPage => {
  const { sort, limit } = query
  const shelf = shelfOf(queue, query, asker)
  if (shelf === undefined) return { items: [], total: 0, next: null }
  const after = query.cursor === undefined ? null : readCursor(sort, query.cursor)
  const page = (places: readonly RowPlace[], total: number): AlertPage => ({
    items: places.slice(0, limit).map(({ slot }) => queue.columns.alerts[slot]!),
    total,
    next: places.length > limit ? writeCursor(sort, places[limit - 1]!) : null,
    ...(query.cursor !== undefined && after === null ? { strangeCursor: true } : {}),
  })
  // One more than the page, to know whether there is another.
  const inOrder = (matches: SlotTest): RowPlace[] => {
    const places: RowPlace[] = []
    for (const place of shelf.by[sort].from(after)) {
      if (matches(place.slot)) places.push(place)
      if (places.length > limit) break
    }
    return places
  }

  const matches = filterOf(queue.columns, query, asker, nowMs)
  if (matches === null)
    return page(
      inOrder(() => true),
      shelf.size,
    )
  const found = matching(query.device === undefined ? queue.columns.end : queue.slotsOn(query.device), matches)
  // Many matches are soon met in their order; few are put in order.
  return found.length > totalMax
    ? page(inOrder(matches), found.length)
    : page(firstOf(queue.placesOf(found, sort), after, limit + 1), found.length)
}
