import type { KeyEntry } from './key-entry.ts'

interface SnapshotEntry {
  readonly key: string
  /** null: the key was evicted. */
  readonly value: Uint8Array | null
}

/** A consistent picture of a partition's touched keys, as they were when it was begun, however long it takes to draw. */
export interface Snapshot {
  /** Serialises up to `keysMax` more keys; true when all are done. */
  slice(keysMax: number): boolean
  /** After `slice` has answered true: what to write, in one transaction. */
  entries(): readonly SnapshotEntry[]
}

/**
 * Which keys changed since the last snapshot, and copy-on-write for the one being drawn: a key that a record is about to change
 * while its turn has not come yet is serialised first. So a checkpoint of 100,000 keys can be drawn between batches and still be
 * of one offset.
 */
export interface TouchedKeys {
  /** Before anything of the entry changes. */
  touch(entry: KeyEntry): void
  /** Before the entry is taken out. */
  evict(entry: KeyEntry): void
  /** Keys to write in the next snapshot, deletions included. */
  readonly count: number
  /**
   * Begins a snapshot of what was touched since the last one. Throws when one is still being drawn.
   * @param encode called once for each touched key, with its state as it is now.
   */
  begin(encode: (entry: KeyEntry) => Uint8Array): Snapshot
}

export const createTouchedKeys = (): TouchedKeys => {
  let generation = 1
  let touched: KeyEntry[] = []
  let evicted = new Set<string>()
  /** The generation being drawn, -1 when none is. */
  let drawing = -1
  let draw: (entry: KeyEntry) => void = () => {}

  return {
    get count() {
      return touched.length + evicted.size
    },
    touch(entry) {
      if (entry.mark === generation) return
      if (entry.mark === drawing) draw(entry)
      entry.mark = generation
      touched.push(entry)
    },
    evict(entry) {
      if (entry.mark === drawing) draw(entry)
      evicted.add(entry.key)
    },
    begin(encode) {
      if (drawing !== -1) throw new Error('a snapshot is still being drawn')
      const turn = touched
      const gone = evicted
      const drawn = new Map<string, Uint8Array>()
      let next = 0
      drawing = generation++
      touched = []
      evicted = new Set()
      draw = (entry) => {
        entry.mark = 0
        drawn.set(entry.key, encode(entry))
      }
      return {
        slice(keysMax) {
          const to = Math.min(turn.length, next + keysMax)
          for (; next < to; next++) {
            const entry = turn[next]!
            // Another mark: drawn already because a later record came first. Evicted before the snapshot was begun: it is in `gone`.
            if (entry.mark === drawing && !entry.evicted) draw(entry)
          }
          if (next < turn.length) return false
          drawing = -1
          return true
        },
        // A key that went and came back is in both: what it is now counts.
        entries: () => [
          ...[...gone].filter((key) => !drawn.has(key)).map((key) => ({ key, value: null })),
          ...[...drawn].map(([key, value]) => ({ key, value })),
        ],
      }
    },
  }
}
