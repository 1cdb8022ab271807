import type { Alert } from '../../contracts/alert.ts'
import { nextDueAt } from '../clocks/due.ts'
import type { DescribeDevice } from '../describe.ts'
import type { Place } from './ordered.ts'

/** Where a row is listed; `open` is new and acknowledged. */
export type Shelf = 'open' | 'snoozed' | 'closed'
export const shelves = ['open', 'snoozed', 'closed'] as const

export const orders = ['due', 'newest', 'score'] as const
export type Order = (typeof orders)[number]

/** An alert in the lists. A change makes a new one. */
export interface Row {
  readonly alert: Alert
  readonly shelf: Shelf
  /** The earlier of the clocks that still run, ms. */
  readonly nextDueAt: number | null
  /** What a search looks through, in lower case. */
  readonly haystack: string
  readonly due: RowPlace
  readonly newest: RowPlace
  readonly score: RowPlace
}

/** It leads to the row as it is now; the row is changed in place where its order did not change. */
export interface RowPlace extends Place {
  row: Row
}

const shelfOf = ({ state }: Alert): Shelf => (state === 'snoozed' || state === 'closed' ? state : 'open')

/** Behind every time that a date can have: alerts without a clock, then snoozed ones, then closed ones. */
const behindAllMs = 8.64e15
const rank: Readonly<Record<Shelf, number>> = { open: 0, snoozed: 1, closed: 2 }

const duePlace = (alert: Alert, shelf: Shelf, dueAt: number | null): Place => {
  const { id } = alert
  if (shelf !== 'open') return { a: behindAllMs + rank[shelf], b: -alert.version, id }
  return dueAt === null ? { a: behindAllMs, b: -alert.openedAt, id } : { a: dueAt, b: alert.openedAt, id }
}

const samePlace = (a: Place, b: Place): boolean => a.a === b.a && a.b === b.b

/** @param before the row of the alert until now: its places are kept where they did not change */
export const rowOf = (alert: Alert, describe: DescribeDevice, before: Row | undefined): Row => {
  const shelf = shelfOf(alert)
  const dueAt = nextDueAt(alert)
  const known = describe(alert.device)
  const { id } = alert
  const haystack = [id, alert.title, alert.device, known?.ward ?? '', known?.model ?? '', alert.site ?? '', alert.why]
    .join('\n')
    .toLowerCase()
  const kept = (order: Order, place: Place): RowPlace => {
    const old = before?.[order]
    return old !== undefined && samePlace(old, place) ? old : { ...place, row: null as unknown as Row }
  }
  const row: Row = {
    alert,
    shelf,
    nextDueAt: dueAt,
    haystack,
    due: kept('due', duePlace(alert, shelf, dueAt)),
    newest: kept('newest', { a: -alert.openedAt, b: 0, id }),
    score: kept('score', { a: -alert.score, b: -alert.openedAt, id }),
  }
  row.due.row = row
  row.newest.row = row
  row.score.row = row
  return row
}
