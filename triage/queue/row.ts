import type { Alert } from '../../contracts/alert.ts'
import { nextDueAt } from '../clocks/due.ts'
import type { DescribeDevice } from '../describe.ts'
import type { Place } from './ordered.ts'

/** Where a row is listed; `open` is new and acknowledged. */
export type Shelf = 'open' | 'snoozed' | 'closed'
export const shelfNumber: Readonly<Record<Shelf, number>> = { open: 1, snoozed: 2, closed: 3 }

export const orders = ['due', 'newest', 'score'] as const
export type Order = (typeof orders)[number]

/** A place that knows its alert's slot in the columns. */
export interface RowPlace extends Place {
  readonly slot: number
}

/** An alert in the lists. A change makes a new one. */
export interface Row {
  readonly slot: number
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

const shelfOf = ({ state }: Alert): Shelf => (state === 'snoozed' || state === 'closed' ? state : 'open')

/** Behind every time that a date can have: alerts without a clock, then snoozed ones, then closed ones. */
const behindAllMs = 8.64e15

const duePlace = (alert: Alert, shelf: Shelf, dueAt: number | null): Place => {
  const { id } = alert
  if (shelf !== 'open') return { a: behindAllMs + shelfNumber[shelf], b: -alert.version, id }
  return dueAt === null ? { a: behindAllMs, b: -alert.openedAt, id } : { a: dueAt, b: alert.openedAt, id }
}

/** @param before the row of the alert until now: its places are kept where they did not change */
export const rowOf = (slot: number, alert: Alert, describe: DescribeDevice, before: Row | undefined): Row => {
  const shelf = shelfOf(alert)
  const dueAt = nextDueAt(alert)
  const known = describe(alert.device)
  const { id } = alert
  const haystack = [id, alert.title, alert.device, known?.ward ?? '', known?.model ?? '', alert.site ?? '', alert.why]
    .join('\n')
    .toLowerCase()
  const kept = (order: Order, { a, b }: Place): RowPlace => {
    const old = before?.[order]
    return old !== undefined && old.a === a && old.b === b ? old : { a, b, id, slot }
  }
  return {
    slot,
    alert,
    shelf,
    nextDueAt: dueAt,
    haystack,
    due: kept('due', duePlace(alert, shelf, dueAt)),
    newest: kept('newest', { a: -alert.openedAt, b: 0, id }),
    score: kept('score', { a: -alert.score, b: -alert.openedAt, id }),
  }
}
