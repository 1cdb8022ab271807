import type { AlertView } from '../../../../contracts/api/alerts.ts'
import { belongs, compareIn, type QueueView } from './queue-view.ts'

export interface QueueRow {
  readonly alert: AlertView
  /** It no longer belongs here, and goes once the cursor has left it. */
  readonly leaving: boolean
  /** What somebody did to it a moment ago, e.g. "RK acknowledged". */
  readonly told: { readonly text: string; readonly atMs: number } | null
}

/** The queue as it stands on the screen: the order of rows changes only where `Attention` allows it. */
export interface QueueModel {
  readonly rows: readonly QueueRow[]
  /** New alerts that wait until somebody wants them. */
  readonly held: readonly AlertView[]
  /** Of the view on the server, with what came since. */
  readonly total: number
  readonly next: string | null
  readonly sequence: number
}

/** Where the person's attention is: what may not move. */
export interface Attention {
  /** The pointer or the focus is inside the list, it is scrolled, or rows are marked. */
  readonly holding: boolean
  /** The row of the keyboard's cursor. */
  readonly current: string | null
  /** The row under the pointer; null when the pointer is elsewhere. */
  readonly pointed: string | null
  /** The platform's time. */
  readonly nowMs: number
}

/** So long somebody else's change stands in its place before the row goes, ms: what just vanished would be a riddle. */
const toldMs = 2_500

export interface Surroundings extends Attention {
  readonly view: QueueView
  readonly me: string
}

export interface Change {
  readonly alert: AlertView
  readonly told: string | null
  /** Own actions that are not confirmed yet, and their rollback, carry no new sequence. */
  readonly force?: boolean
}

export interface QueuePage {
  readonly items: readonly AlertView[]
  readonly total: number
  readonly next: string | null
  readonly sequence: number
}

const rowOf = (alert: AlertView): QueueRow => ({ alert, leaving: false, told: null })

export const modelOf = (page: QueuePage): QueueModel => ({ ...page, rows: page.items.map(rowOf), held: [] })

/** One more page behind the rows; what is there already stays where it is. */
export const withPage = (model: QueueModel, page: QueuePage): QueueModel => {
  const known = new Set([...model.rows.map(({ alert }) => alert.id), ...model.held.map(({ id }) => id)])
  const rows = [...model.rows, ...page.items.filter(({ id }) => !known.has(id)).map(rowOf)]
  return { ...model, rows, total: page.total, next: page.next }
}

const insert = (rows: readonly QueueRow[], alert: AlertView, compare: (a: AlertView, b: AlertView) => number): QueueRow[] => {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(rows[middle]!.alert, alert) <= 0) low = middle + 1
    else high = middle
  }
  return [...rows.slice(0, low), rowOf(alert), ...rows.slice(low)]
}

/** Takes in what changed: rows are rewritten in their place, new ones wait while there is attention, and come in at once without it. */
export const withChanges = (model: QueueModel, changes: readonly Change[], around: Surroundings): QueueModel => {
  const compare = compareIn(around.view)
  const rowAt = new Map(model.rows.map(({ alert }, at) => [alert.id, at]))
  const rows = [...model.rows]
  const arrived: AlertView[] = []
  let held = model.held
  let { total } = model
  for (const { alert, told, force } of changes) {
    const at = rowAt.get(alert.id)
    const fits = belongs(around.view, alert, around.me, around.nowMs)
    if (at !== undefined) {
      const row = rows[at]!
      if (alert.sequence < row.alert.sequence && force !== true) continue
      if (fits === row.leaving) total += fits ? 1 : -1
      rows[at] = { alert, leaving: !fits, told: told === null ? row.told : { text: told, atMs: around.nowMs } }
      continue
    }
    const waiting = held.find(({ id }) => id === alert.id) ?? arrived.find(({ id }) => id === alert.id)
    if (waiting !== undefined && alert.sequence < waiting.sequence) continue
    held = held.filter((one) => one !== waiting)
    const kept = arrived.filter((one) => one !== waiting)
    arrived.length = 0
    arrived.push(...kept)
    if (fits !== (waiting !== undefined)) total += fits ? 1 : -1
    if (fits) arrived.push(alert)
  }
  const changed = { ...model, rows, total, held: [...held, ...arrived] }
  return settled(around.holding ? changed : released(changed, around.view, compare), around)
}

const released = (model: QueueModel, view: QueueView, compare = compareIn(view)): QueueModel => {
  const order = (a: QueueRow, b: QueueRow) => compare(a.alert, b.alert)
  let rows: readonly QueueRow[] = model.rows.toSorted(order)
  const last = rows.at(-1)?.alert
  for (const alert of model.held) {
    // Behind the last row that is loaded, while there are more: a later page brings it.
    if (model.next !== null && last !== undefined && compare(alert, last) > 0) continue
    rows = insert(rows, alert, compare)
  }
  return { ...model, rows, held: [] }
}

/** Lets rows go that don't belong here any more, except where something under the cursor would move. */
export const settled = (model: QueueModel, attention: Attention): QueueModel => {
  if (!model.rows.some(({ leaving }) => leaving)) return model
  const isTold = (told: QueueRow['told']) => told !== null && attention.nowMs - told.atMs < toldMs
  const pointedAt = attention.pointed === null ? -1 : model.rows.findIndex(({ alert }) => alert.id === attention.pointed)
  const rows = model.rows.filter(
    ({ alert, leaving, told }, at) => !leaving || alert.id === attention.current || at <= pointedAt || isTold(told),
  )
  return rows.length === model.rows.length ? model : { ...model, rows }
}

/** "Load new": what waits comes in, everything stands in its order again, what has left is gone. */
export const refreshed = (model: QueueModel, view: QueueView): QueueModel =>
  released({ ...model, rows: model.rows.filter(({ leaving }) => !leaving) }, view)

/** A list that was fetched anew over what is on the screen. */
export const reconciled = (model: QueueModel | undefined, page: QueuePage, around: Surroundings): QueueModel => {
  if (model === undefined || !around.holding) return modelOf(page)
  const fetched = new Map(page.items.map((alert) => [alert.id, alert]))
  const rows = model.rows.map((row): QueueRow => {
    const alert = fetched.get(row.alert.id)
    fetched.delete(row.alert.id)
    if (alert !== undefined) return { ...row, alert, leaving: false }
    // Beyond the pages that were read anew, nothing is known of it.
    return page.next === null ? { ...row, leaving: true } : row
  })
  return settled({ rows, held: [...fetched.values()], total: page.total, next: page.next, sequence: page.sequence }, around)
}
