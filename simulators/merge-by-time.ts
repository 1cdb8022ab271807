interface Timed {
  readonly atMs: number
}

interface Head<T> {
  value: T
  readonly order: number
  readonly rest: Iterator<T>
}

/**
 * Merges sequences that are each in time order into one that is; equal times keep the order of the sequences. A binary heap: memory is one
 * element a sequence, time log(sequences) an element.
 */
export function* mergeByTime<T extends Timed>(sequences: readonly Iterable<T>[]): Generator<T> {
  const heap: Head<T>[] = []
  const before = (a: Head<T>, b: Head<T>): boolean => a.value.atMs < b.value.atMs || (a.value.atMs === b.value.atMs && a.order < b.order)
  const sink = (from: number): void => {
    const moving = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, moving)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moving
  }
  for (const [order, sequence] of sequences.entries()) {
    const rest = sequence[Symbol.iterator]()
    const first = rest.next()
    if (first.done !== true) heap.push({ value: first.value, order, rest })
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(i)
  while (heap.length > 0) {
    const top = heap[0]!
    yield top.value
    const next = top.rest.next()
    if (next.done === true) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    } else top.value = next.value
    sink(0)
  }
}
