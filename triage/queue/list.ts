import type { AlertListQuery } from '../../contracts/api/alerts.ts'
import type { AlertPage } from '../../contracts/triage-desk.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { filterOf } from './filter.ts'
import { comparePlaces, type Place } from './ordered.ts'
import type { Queue } from './queue.ts'
import type { Row, RowPlace } from './row.ts'
import type { ShelfIndex } from './shelf.ts'

/** `total` counts no further with a filter: a larger number says that there are more. */
export const totalMax = 10_000

const empty: AlertPage = { items: [], total: 0, next: null }

const shelfOf = (queue: Queue, tab: AlertListQuery['tab'], asker: string | null): ShelfIndex | undefined =>
  tab === 'mine' ? (asker === null ? undefined : queue.owned(asker)) : queue.shelves[tab === 'triage' ? 'open' : tab]

const onShelf = (row: Row, tab: AlertListQuery['tab'], asker: string | null): boolean =>
  tab === 'all' || (tab === 'mine' ? row.shelf === 'open' && row.alert.owner === asker : row.shelf === (tab === 'triage' ? 'open' : tab))

/** A page of a list. A cursor that is none of this sort is answered with the first page. */
export const listAlerts = (queue: Queue, query: AlertListQuery, asker: string | null, nowMs: number): AlertPage => {
  const { tab, sort, limit } = query
  const shelf = shelfOf(queue, tab, asker)
  if (shelf === undefined) return empty
  const after = query.cursor === undefined ? null : readCursor(sort, query.cursor)
  const matches = filterOf(query, nowMs)
  if (matches === null) return page(shelf.by[sort].from(after), () => true, sort, limit, shelf.size)
  // One device has few alerts: they are sorted here instead of looking through all.
  const places =
    query.device === undefined
      ? shelf.by[sort]
      : sorted(
          [...queue.onDevice(query.device)].flatMap((id) => {
            const row = queue.row(id)
            return row !== undefined && onShelf(row, tab, asker) ? [row[sort]] : []
          }),
        )
  let total = 0
  if (after === null) {
    // The first page and the count are one walk.
    const items: RowPlace[] = []
    for (const place of places.from(null)) {
      if (!matches(place.row)) continue
      if (items.length <= limit) items.push(place)
      if (++total > totalMax) break
    }
    return page(items, () => true, sort, limit, total)
  }
  for (const { row } of places.from(null)) if (matches(row) && ++total > totalMax) break
  return page(places.from(after), matches, sort, limit, total)
}

const sorted = (places: RowPlace[]) => {
  places.sort(comparePlaces)
  return { from: (after: Place | null) => (after === null ? places : places.filter((place) => comparePlaces(place, after) > 0)) }
}

const page = (
  places: Iterable<RowPlace>,
  matches: (row: Row) => boolean,
  sort: AlertListQuery['sort'],
  limit: number,
  total: number,
): AlertPage => {
  const items: AlertPage['items'][number][] = []
  let last: RowPlace | null = null
  for (const place of places) {
    if (!matches(place.row)) continue
    if (items.length === limit) return { items, total, next: writeCursor(sort, last!) }
    items.push(place.row.alert)
    last = place
  }
  return { items, total, next: null }
}
