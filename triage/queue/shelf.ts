import { createOrdered, type Ordered } from './ordered.ts'
import { type Order, orders, type Row, type RowPlace } from './row.ts'

/** Rows in each of the orders. */
export interface ShelfIndex {
  readonly size: number
  readonly by: Readonly<Record<Order, Ordered<RowPlace>>>
  /** From what it was to what it is; undefined: it was not here, or is not any more. */
  change(before: Row | undefined, after: Row | undefined): void
}

export const createShelf = (): ShelfIndex => {
  const by: Record<Order, Ordered<RowPlace>> = { due: createOrdered(), newest: createOrdered(), score: createOrdered() }
  return {
    by,
    get size() {
      return by.newest.size
    },
    change(before, after) {
      for (const order of orders) {
        const from = before?.[order]
        const to = after?.[order]
        if (from === to) continue
        if (from !== undefined) by[order].remove(from)
        if (to !== undefined) by[order].add(to)
      }
    },
  }
}
