import type { ClickHouseClient } from '@clickhouse/client'
import type { ColumnBatch } from './landing/column-batch.ts'
import type { AnalystLimits } from './query/limits.ts'

/**
 * One insert. `token` names its content: where an insert's answer can be lost, the same token twice is one insert
 * (`insert_deduplication_token`), even when the first one is still running.
 */
interface Insert {
  readonly table: string
  readonly token: string
  /** From `StoreConnection.beginBy`: the server refuses it if it begins later. Null, or absent: it may begin whenever it comes. */
  readonly beginBy?: number | null
}

export interface ColumnInsert extends Insert {
  readonly batch: ColumnBatch
}

export interface RowInsert extends Insert {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** The store did not answer: nothing is wrong with what was asked. */
export class StoreAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreAway'
  }
}

/** A connection that can only read, with its limits fixed, in the database of `use`; for one question at a time. */
export interface AnalystConnection {
  text(
    sql: string,
    parameters: Readonly<Record<string, string | number | readonly string[] | readonly number[]>>,
    format: string,
  ): Promise<string>
  stream(sql: string, format: string): AsyncIterable<{ readonly bytes: Uint8Array; readonly rows: number }>
  /** Ends the question that runs, where that can be done from here; an engine in the process ends it itself, within its limit. */
  abandon(): void
  /** Not while a question runs: an engine in the process would be closed under it. */
  close(): void
}

/**
 * What differs between the embedded engine and a ClickHouse server; everything else in `store/` is the same for both.
 * Embedded: `engine/open-engine.ts`. Server: `server/connect-server.ts`. What both promise: `testing/conformance.ts`.
 */
export interface StoreConnection {
  /** The landing's own questions, and what the schema needs. */
  readonly landing: ClickHouseClient
  /** The platform's own queries. */
  readonly query: ClickHouseClient
  /** The fast way in for the one table that takes every message. All of it or nothing. */
  insertColumns(insert: ColumnInsert): Promise<void>
  /** All of it or nothing. */
  insertRows(insert: RowInsert): Promise<void>
  /**
   * Resolves when no insert that an earlier connection of the landing began can still add rows. What a server that was frozen had not read from its sockets
   * begins only when it goes on, or when a network does: `quietMs` later, when none may begin any more, it is looked once more.
   */
  settled(tables: readonly string[], quietMs: number): Promise<void>
  /**
   * Until when, by the server's clock, an insert may begin that is sent now; null where none can be late (an engine in the process), or before `settled`. Who sends it
   * asks for it before he looks whether he still may: one that was frozen in between is refused.
   */
  beginBy(): number | null
  /** A statement of a migration as this store wants it: of a cluster's DDL, for instance. */
  ddl(statement: string): string
  openAnalyst(limits: AnalystLimits): AnalystConnection
  use(database: string): Promise<void>
  /** For how long the landing has had no answer to what it asked, ms; 0 while it waits for none. An engine in the process does not hang without it. */
  unansweredMs(): number
  /**
   * The end is near: so long is still waited for what is asked, then it is given up and nothing more is asked. Of an insert that was given up nothing is known:
   * it may still land (`settled`). What an engine in the process computes is waited for.
   */
  leaveWithin(ms: number): void
  close(): Promise<void>
}
