import type { KeyEntry } from './key-entry.ts'
import type { StageSlot } from './stage-slots.ts'

/** A node of the heap. */
interface Timer {
  atMs: number
  readonly entry: KeyEntry
  readonly slot: StageSlot
}

/** Stale timers above this many start a clean-up, once they outnumber the live ones. */
const staleTimersMin = 1_024

/**
 * One timer a stage and key, woken in record time. The wanted time stands in the key's entry; the heap holds a node at or before
 * it. Putting a timer off (what every reading does to a silence rule) therefore only writes a number; the node is put back when
 * it comes up too early. Who of those that are due goes first is not decided here but by what they say (`utterances.ts`).
 */
export interface TimerQueue {
  /** Replaces the timer's time; Infinity cancels it. */
  set(entry: KeyEntry, slot: StageSlot, atMs: number): void
  /** The entry was evicted: its timers will not fire. */
  forget(entry: KeyEntry): void
  /** Takes out the timers that are due at or before `nowMs`; their time still stands in their entries. */
  takeDue(nowMs: number): readonly Timer[]
  /** Puts back those of them whose time still stands. */
  putBack(taken: readonly Timer[]): void
  /** Nodes held, stale ones included. */
  readonly length: number
}

const none: readonly Timer[] = []

export const createTimerQueue = (): TimerQueue => {
  let heap: Timer[] = []
  let stale = 0

  const siftUp = (from: number): void => {
    const node = heap[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.atMs <= node.atMs) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = node
  }
  const siftDown = (from: number): void => {
    const node = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++
      if (heap[child]!.atMs >= node.atMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = node
  }
  const push = (timer: Timer): void => {
    heap.push(timer)
    siftUp(heap.length - 1)
  }
  const isStale = ({ entry, slot, atMs }: Timer): boolean => entry.evicted || entry.queuedAt[slot.timerIndex] !== atMs
  const popTop = (): void => {
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    siftDown(0)
  }
  const dropStale = (): void => {
    const seen = new Set<string>()
    heap = heap.filter((timer) => {
      if (isStale(timer)) return false
      // Two nodes of one timer can have the same time after it was put off and back: one of them is enough.
      const identity = `${timer.slot.timerIndex} ${timer.entry.key}`
      if (seen.has(identity)) return false
      seen.add(identity)
      return true
    })
    stale = 0
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(at)
  }

  const set = (entry: KeyEntry, slot: StageSlot, atMs: number): void => {
    const index = slot.timerIndex
    entry.timers[index] = atMs
    if (atMs >= entry.queuedAt[index]!) return
    if (entry.queuedAt[index] !== Infinity) stale++
    entry.queuedAt[index] = atMs
    if (stale > Math.max(staleTimersMin, heap.length >> 1)) dropStale()
    push({ atMs, entry, slot })
  }

  return {
    get length() {
      return heap.length
    },
    set,
    forget(entry) {
      for (const atMs of entry.queuedAt) if (atMs !== Infinity) stale++
      if (stale > Math.max(staleTimersMin, heap.length >> 1)) dropStale()
    },
    takeDue(nowMs) {
      if (heap.length === 0 || heap[0]!.atMs > nowMs) return none
      const due: Timer[] = []
      while (heap.length > 0 && heap[0]!.atMs <= nowMs) {
        const top = heap[0]!
        const index = top.slot.timerIndex
        const wantedMs = top.entry.timers[index]!
        if (isStale(top)) {
          if (stale > 0) stale--
          popTop()
        } else if (wantedMs > top.atMs) {
          top.entry.queuedAt[index] = wantedMs
          if (wantedMs === Infinity) popTop()
          else {
            top.atMs = wantedMs
            siftDown(0)
          }
        } else {
          popTop()
          top.entry.queuedAt[index] = Infinity
          due.push(top)
        }
      }
      return due
    },
    putBack(taken) {
      for (const { entry, slot } of taken) if (!entry.evicted) set(entry, slot, entry.timers[slot.timerIndex]!)
    },
  }
}
