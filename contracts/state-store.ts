/**
 * Another owner has taken a partition's state over: what this one knows must not be written any more. Whoever sees it while it still
 * works on the partition stops, and begins again with what the other has written.
 */
export class StateTaken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StateTaken'
  }
}

/** Where detector state is checkpointed: a transactional key-value store; values are sealed by the implementation. */
export interface StateStore {
  /** All entries under a partition, e.g. `observations.by-device.v1/2`. */
  load(partition: string): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /** One transaction: all of it is there after a crash, or none. A null value deletes. Rejects with `StateTaken` when another has it. */
  write(partition: string, entries: readonly { readonly key: string; readonly value: Uint8Array | null }[]): Promise<void>
  close(): Promise<void>
}
