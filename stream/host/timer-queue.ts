import type { KeyEntry } from './key-entry.ts'
import type { StageSlot } from './stage-slots.ts'

interface Timer {
  atMs: number
  readonly entry: KeyEntry
  readonly slot: StageSlot
}

/** When, then whose, then which stage's: a total order, so that the heap's shape (and a restart) cannot change who fires first. */
const before = (a: Timer, b: Timer): boolean => {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs
  if (a.entry.key !== b.entry.key) return a.entry.key < b.entry.key
  return a.slot.id < b.slot.id
}

/** Stale timers above this many start a clean-up, once they outnumber the live ones. */
const staleTimersMin = 1_024

/**
 * One timer a stage and key, woken in record time. The wanted time stands in the key's entry; the heap holds a node at or before
 * it. Putting a timer off (what every reading does to a silence rule) therefore only writes a number; the node is put back when
 * it comes up too early.
 */
export interface TimerQueue {
  /** Replaces the timer's time; Infinity cancels it. */
  set(entry: KeyEntry, slot: StageSlot, atMs: number): void
  /** The entry was evicted: its timers will not fire. */
  forget(entry: KeyEntry): void
  /**
   * Fires what is due at or before `nowMs`, in order. What is set for `nowMs` or earlier meanwhile waits for the next call.
   * @param ready asked before anything of the entry changes; false leaves the timer for the next call
   * @param run must not throw
   */
  fire(nowMs: number, ready: (entry: KeyEntry) => boolean, run: (entry: KeyEntry, slot: StageSlot) => void): void
  /** Nodes held, stale ones included. */
  readonly length: number
}

export const createTimerQueue = (): TimerQueue => {
  let heap: Timer[] = []
  let stale = 0
  /** Set while firing: timers set for the past during the pass, and those that were not ready. */
  let waiting: Timer[] | null = null
  let firingAtMs = 0

  const siftUp = (from: number): void => {
    const node = heap[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(node, heap[parent]!)) break
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
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, node)) break
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

  return {
    get length() {
      return heap.length
    },
    set(entry, slot, atMs) {
      const index = slot.timerIndex
      entry.timers[index] = atMs
      if (atMs >= entry.queuedAt[index]!) return
      if (entry.queuedAt[index] !== Infinity) stale++
      entry.queuedAt[index] = atMs
      if (stale > Math.max(staleTimersMin, heap.length >> 1)) dropStale()
      const timer = { atMs, entry, slot }
      if (waiting !== null && atMs <= firingAtMs) waiting.push(timer)
      else push(timer)
    },
    forget(entry) {
      for (const atMs of entry.queuedAt) if (atMs !== Infinity) stale++
      if (stale > Math.max(staleTimersMin, heap.length >> 1)) dropStale()
    },
    fire(nowMs, ready, run) {
      if (heap.length === 0 || heap[0]!.atMs > nowMs) return
      waiting = []
      firingAtMs = nowMs
      while (heap.length > 0 && heap[0]!.atMs <= nowMs) {
        const top = heap[0]!
        const { entry, slot } = top
        const index = slot.timerIndex
        const wantedMs = entry.timers[index]!
        if (isStale(top)) {
          if (stale > 0) stale--
          popTop()
        } else if (wantedMs > top.atMs) {
          entry.queuedAt[index] = wantedMs
          if (wantedMs === Infinity) popTop()
          else {
            top.atMs = wantedMs
            siftDown(0)
          }
        } else if (!ready(entry)) {
          popTop()
          waiting.push(top)
        } else {
          popTop()
          entry.timers[index] = Infinity
          entry.queuedAt[index] = Infinity
          run(entry, slot)
        }
      }
      const put = waiting
      waiting = null
      for (const timer of put) push(timer)
    },
  }
}
