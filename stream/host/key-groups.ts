import type { KeyEntry } from './key-entry.ts'
import type { KeyTable } from './key-table.ts'

/** The records of one key within a stretch: the first and the last of a chain. */
export interface KeyGroup {
  readonly key: string
  /** undefined until the key's first observation. */
  readonly entry: KeyEntry | undefined
  readonly first: number
  last: number
}

/**
 * Puts the records of a stretch in chains, one a key. What is known about a device lies in many places of the memory, and 5,000 devices do
 * not fit the processor's cache: ten records of one device in a row fetch them once, among those of a thousand others each time.
 */
export interface KeyGroups {
  /** In the order in which the keys first came. */
  readonly all: readonly KeyGroup[]
  /** @param room how many keys may come that the table does not hold. */
  begin(room: number): void
  /**
   * `full`: not taken, for a key would have to make room, and which one depends on the order of the records: it begins the next stretch.
   * `alone`: taken as the first one, but nothing may come after it, for the same reason.
   */
  add(key: string, index: number): 'taken' | 'full' | 'alone'
  /** The next record of the same key; -1 after the last. */
  next(index: number): number
  end(): void
}

export const createKeyGroups = (table: Pick<KeyTable, 'get'>): KeyGroups => {
  let all: KeyGroup[] = []
  let unknown = new Map<string, KeyGroup>()
  let room = 0
  let chain = new Int32Array(1_024)

  const open = (key: string, entry: KeyEntry | undefined, index: number): KeyGroup => {
    const group = { key, entry, first: index, last: index }
    all.push(group)
    return group
  }
  const append = (group: KeyGroup, index: number): void => {
    chain[group.last] = index
    group.last = index
  }
  return {
    get all() {
      return all
    },
    begin(free) {
      room = free
    },
    add(key, index) {
      if (index >= chain.length) {
        const larger = new Int32Array(Math.max(index + 1, chain.length * 2))
        larger.set(chain)
        chain = larger
      }
      const entry = table.get(key)
      let answer: 'taken' | 'alone' = 'taken'
      if (entry !== undefined) {
        if (entry.group === null) entry.group = open(key, entry, index)
        else append(entry.group, index)
      } else {
        const group = unknown.get(key)
        if (group === undefined) {
          if (unknown.size >= room) {
            if (index > 0) return 'full'
            answer = 'alone'
          }
          unknown.set(key, open(key, undefined, index))
        } else append(group, index)
      }
      chain[index] = -1
      return answer
    },
    next: (index) => chain[index]!,
    end() {
      for (const { entry } of all) if (entry !== undefined) entry.group = null
      all = []
      if (unknown.size > 0) unknown = new Map()
    },
  }
}
