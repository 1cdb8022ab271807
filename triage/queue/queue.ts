import type { Alert } from '../../contracts/alert.ts'
import type { DescribeDevice } from '../describe.ts'
import { type Columns, createColumns } from './columns.ts'
import { type Order, type Row, rowOf, type RowPlace, type Shelf } from './row.ts'
import { createShelf, type ShelfIndex } from './shelf.ts'

/** Every alert in memory, in the order of each list: kept with each change, so that a list is never sorted when it is asked for. */
export interface Queue {
  /** @param alert as it is now; null: it has left memory */
  changed(id: string, alert: Alert | null): void
  readonly size: number
  readonly columns: Columns
  readonly shelves: Readonly<Record<Shelf | 'all', ShelfIndex>>
  /** The open alerts that somebody owns. */
  owned(owner: string): ShelfIndex | undefined
  onDevice(device: string): ReadonlySet<string>
  slotsOn(device: string): readonly number[]
  placesOf(slots: readonly number[], order: Order): readonly RowPlace[]
  openOn(device: string): number
}

export type RowListener = (before: Row | undefined, after: Row | undefined) => void

const none: ReadonlySet<string> = new Set()

export const createQueue = (describe: DescribeDevice, onRow: RowListener = () => {}): Queue => {
  const rows = new Map<string, Row>()
  const columns = createColumns()
  const shelves = { open: createShelf(), snoozed: createShelf(), closed: createShelf(), all: createShelf() }
  const owners = new Map<string, ShelfIndex>()
  const devices = new Map<string, Set<string>>()
  const openDevices = new Map<string, number>()

  const changeOwned = (before: Row | undefined, after: Row | undefined): void => {
    const from = before?.shelf === 'open' ? before.alert.owner : null
    const to = after?.shelf === 'open' ? after.alert.owner : null
    if (from === to) {
      if (from !== null) owners.get(from)!.change(before, after)
      return
    }
    if (from !== null) {
      const shelf = owners.get(from)!
      shelf.change(before, undefined)
      if (shelf.size === 0) owners.delete(from)
    }
    if (to !== null) {
      const shelf = owners.get(to) ?? createShelf()
      owners.set(to, shelf)
      shelf.change(undefined, after)
    }
  }

  const changeDevice = (id: string, before: Row | undefined, after: Row | undefined): void => {
    const { device } = (after ?? before)!.alert
    if (before === undefined) devices.set(device, (devices.get(device) ?? new Set()).add(id))
    if (after === undefined) {
      const here = devices.get(device)!
      here.delete(id)
      if (here.size === 0) devices.delete(device)
    }
    const isOpen = (row: Row | undefined): number => (row === undefined || row.shelf === 'closed' ? 0 : 1)
    const step = isOpen(after) - isOpen(before)
    if (step === 0) return
    const open = (openDevices.get(device) ?? 0) + step
    if (open === 0) openDevices.delete(device)
    else openDevices.set(device, open)
  }

  return {
    shelves,
    columns,
    get size() {
      return rows.size
    },
    changed(id, alert) {
      const before = rows.get(id)
      if (before === undefined && alert === null) return
      const after = alert === null ? undefined : rowOf(before?.slot ?? columns.take(), alert, describe, before)
      if (after === undefined) {
        rows.delete(id)
        columns.free(before!.slot)
      } else {
        rows.set(id, after)
        columns.put(after)
      }
      if (before?.shelf === after?.shelf) shelves[after!.shelf].change(before, after)
      else {
        if (before !== undefined) shelves[before.shelf].change(before, undefined)
        if (after !== undefined) shelves[after.shelf].change(undefined, after)
      }
      shelves.all.change(before, after)
      changeOwned(before, after)
      changeDevice(id, before, after)
      onRow(before, after)
    },
    owned: (owner) => owners.get(owner),
    onDevice: (device) => devices.get(device) ?? none,
    slotsOn: (device) => [...(devices.get(device) ?? none)].map((id) => rows.get(id)!.slot),
    placesOf: (slots, order) => slots.map((slot) => rows.get(columns.alerts[slot]!.id)![order]),
    openOn: (device) => openDevices.get(device) ?? 0,
  }
}
