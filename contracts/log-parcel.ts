import type { AppendRecord } from './event-log.ts'

/**
 * Records of one topic, gathered by their writer in the form in which the log will write them, and appended as a whole: the way in for a hot
 * path. A record costs a copy and no object, and the copy is the one that is kept for another attempt.
 * Order and durability are those of `EventLog.append`; one attempt is all or nothing where an `append` is.
 */
export interface LogParcel {
  /** Records in it. */
  readonly records: number
  /**
   * Adds a record whose value is `head` and then the bytes of `source` from `from` up to `to`. All is copied: the caller may reuse it at once.
   * Throws `RangeError` for a key or value over the limits, or no such partition.
   */
  add(partition: number, key: Buffer, head: Uint8Array, source: Buffer, from: number, to: number): void
  /**
   * Resolves when all of it is on disk; rejects with `LogUnavailable`, and may then be called again. Nothing may be added, nor may it be
   * cleared, until it has settled.
   */
  append(): Promise<void>
  /** Empties it; its memory is kept for what comes next. */
  clear(): void
}

/** A parcel over an ordinary `append`: for an adapter that has nothing cheaper. */
export const createPlainParcel = (append: (records: readonly AppendRecord[]) => Promise<void>): LogParcel => {
  let records: AppendRecord[] = []
  return {
    get records() {
      return records.length
    },
    add: (partition, key, head, source, from, to) =>
      void records.push({ partition, key: key.toString(), value: Buffer.concat([head, source.subarray(from, to)]) }),
    append: () => append(records),
    clear() {
      records = []
    },
  }
}
