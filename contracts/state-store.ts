/** Where detector state is checkpointed: a local, transactional key-value store; values are sealed by the implementation. */
export interface StateStore {
  /** All entries under a partition, e.g. `observations.by-device.v1/2`. */
  load(partition: string): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /** One transaction: all of it is there after a crash, or none. A null value deletes. */
  write(partition: string, entries: readonly { readonly key: string; readonly value: Uint8Array | null }[]): Promise<void>
  close(): Promise<void>
}
