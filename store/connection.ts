import type { ClickHouseClient } from '@clickhouse/client'
import type { ColumnBatch } from './landing/column-batch.ts'
import type { AnalystLimits } from './query/limits.ts'

/** One insert of columns: `select` turns the batch's columns into the table's, in the order of `into`. */
export interface ColumnInsert {
  readonly table: string
  readonly batch: ColumnBatch
}

/** A connection that can only read, with its limits fixed; for one question. */
export interface AnalystConnection {
  text(
    sql: string,
    parameters: Readonly<Record<string, string | number | readonly string[] | readonly number[]>>,
    format: string,
  ): Promise<string>
  stream(sql: string, format: string): AsyncIterable<{ readonly bytes: Uint8Array; readonly rows: number }>
  close(): void
}

/**
 * What differs between the embedded engine and a ClickHouse server; everything else in `store/` is the same for both.
 * Embedded: `engine/open-engine.ts`.
 */
export interface StoreConnection {
  /** Inserts and the landing's own questions; nothing else runs on it. */
  readonly landing: ClickHouseClient
  /** The platform's own queries. */
  readonly query: ClickHouseClient
  /** The fast way in for the one table that takes every message. Atomic per table partition. */
  insertColumns(insert: ColumnInsert): Promise<void>
  openAnalyst(limits: AnalystLimits): AnalystConnection
  use(database: string): Promise<void>
  close(): Promise<void>
}
