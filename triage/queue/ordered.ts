import BTreeModule from 'sorted-btree'

// CommonJS with a `default`: Node hands out the exports, Bun their default.
const BTree =
  (BTreeModule as { readonly default?: typeof BTreeModule.default }).default ?? (BTreeModule as unknown as typeof BTreeModule.default)

/** Where something stands in an order: by `a`, then `b`, then the id. */
export interface Place {
  readonly a: number
  readonly b: number
  readonly id: string
}

export const comparePlaces = (left: Place, right: Place): number =>
  left.a - right.a || left.b - right.b || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)

/** A set in order, with a cheap change: O(log n). */
export interface Ordered<P extends Place> {
  readonly size: number
  add(place: P): void
  remove(place: Place): void
  /** Those behind `place`, or all. The set must not change meanwhile. */
  from(place: Place | null): Iterable<P>
}

export const createOrdered = <P extends Place>(): Ordered<P> => {
  const tree = new BTree<Place, undefined>(undefined, comparePlaces)
  return {
    get size() {
      return tree.size
    },
    add(place) {
      tree.set(place, undefined)
    },
    remove(place) {
      tree.delete(place)
    },
    *from(place) {
      for (const found of tree.keys(place ?? undefined)) if (place === null || comparePlaces(found, place) > 0) yield found as P
    },
  }
}
