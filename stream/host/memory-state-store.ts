import type { StateStore } from '../../contracts/state-store.ts'

export interface MemoryStateStore extends StateStore {
  /** By partition, then key. */
  readonly partitions: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>
}

/** A `StateStore` without a disk, for tests. @param beforeWrite may reject: then nothing is written. */
export const createMemoryStateStore = (beforeWrite: (partition: string) => Promise<void> = async () => {}): MemoryStateStore => {
  const partitions = new Map<string, Map<string, Uint8Array>>()
  return {
    partitions,
    async *load(partition) {
      for (const [key, value] of partitions.get(partition) ?? []) yield { key, value }
    },
    async write(partition, entries) {
      await beforeWrite(partition)
      const stored = new Map(partitions.get(partition))
      for (const { key, value } of entries) {
        if (value === null) stored.delete(key)
        else stored.set(key, Uint8Array.prototype.slice.call(value))
      }
      partitions.set(partition, stored)
    },
    async close() {},
  }
}
