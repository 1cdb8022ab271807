import type { KeyEntry } from './key-entry.ts'

/** Above any offset: proven keys stand behind all that are not. */
const provenRank = 2 ** 52

const rankOf = ({ proven, seen }: KeyEntry): number => (proven ? seen + provenRank : seen)

/**
 * Which key goes next: the unproven before the proven, then by the offset of the last observation. A heap whose places are put right
 * only when a key has to go: a rank only ever rises, so the one at the top whose place still holds is the lowest. An observation therefore
 * only writes its own entry; a linked list in order of use touches the entries of two neighbours, which no record is about, each time.
 */
export interface EvictionOrder {
  /** It must not be in here already. */
  add(entry: KeyEntry): void
  /** Takes out the next one; null when there is none. */
  takeNext(): KeyEntry | null
}

export const createEvictionOrder = (): EvictionOrder => {
  const heap: KeyEntry[] = []
  const siftDown = (node: KeyEntry): void => {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.place < heap[child]!.place) child++
      if (heap[child]!.place >= node.place) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = node
  }
  return {
    add(entry) {
      entry.place = rankOf(entry)
      let at = heap.push(entry) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (heap[parent]!.place <= entry.place) break
        heap[at] = heap[parent]!
        at = parent
      }
      heap[at] = entry
    },
    takeNext() {
      for (;;) {
        const top = heap[0]
        if (top === undefined) return null
        const rank = rankOf(top)
        if (rank > top.place) {
          top.place = rank
          siftDown(top)
          continue
        }
        const last = heap.pop()!
        if (heap.length > 0) siftDown(last)
        return top
      }
    },
  }
}
