import { createEvictionOrder } from './eviction-order.ts'
import { type KeyEntry, createKeyEntry } from './key-entry.ts'

/**
 * The keys of one partition, bounded. Over `keysMax` the key goes that has gone longest without an observation, by offset and
 * nothing else, so that a replay evicts the same ones; keys that only ever had refused sign-ins (anyone can make those up) go
 * before any other, so that a flood of invented names cannot push out a device that is there.
 */
export interface KeyTable {
  readonly size: number
  get(key: string): KeyEntry | undefined
  /** A new entry, after evicting one when the table is full. */
  create(key: string): KeyEntry
  /** Puts a restored entry back; in the order of `seen`. */
  put(entry: KeyEntry): void
  /** Notes an observation at `offset`. */
  touch(entry: KeyEntry, offset: number, proven: boolean): void
}

export interface KeyTableOptions {
  readonly keysMax: number
  readonly stages: number
  readonly timers: number
  /** Before the entry is taken out. */
  readonly onEvict: (entry: KeyEntry) => void
}

export const createKeyTable = ({ keysMax, stages, timers, onEvict }: KeyTableOptions): KeyTable => {
  const entries = new Map<string, KeyEntry>()
  const order = createEvictionOrder()
  return {
    get size() {
      return entries.size
    },
    get: (key) => entries.get(key),
    create(key) {
      while (entries.size >= keysMax) {
        const entry = order.takeNext()
        if (entry === null) break
        onEvict(entry)
        entries.delete(entry.key)
        entry.evicted = true
      }
      const entry = createKeyEntry(key, stages, timers)
      entries.set(key, entry)
      order.add(entry)
      return entry
    },
    put(entry) {
      entries.set(entry.key, entry)
      order.add(entry)
    },
    touch(entry, offset, isProof) {
      entry.seen = offset
      if (isProof && !entry.proven) entry.proven = true
    },
  }
}
