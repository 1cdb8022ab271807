import type { ArrowColumn } from './arrow-columns.ts'

/** Rows as columns, ready for `StoreConnection.insertColumns`. */
export interface ColumnBatch {
  readonly length: number
  /** For the embedded engine: its columns, and the expressions (`select`) that turn them into the table's (`into`). Valid until the batch is cleared. */
  toArrow(): {
    readonly columns: readonly ArrowColumn[]
    readonly into: readonly string[]
    readonly select: readonly string[]
    readonly where: string | null
  }
  /** For a server: the same rows as one block in ClickHouse's Native format. */
  toNative(): { readonly into: readonly string[]; readonly rows: number; readonly block: Buffer }
  /** The same rows for an insert as JSONEachRow. */
  rows(): Generator<Record<string, unknown>>
}
