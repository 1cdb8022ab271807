import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Clock } from '../contracts/clock.ts'
import { timeText } from './landing/stored-values.ts'
import { type LockTimes, lockTimesDefault, takeMigrationLock } from './migration-lock.ts'
import { readRows } from './read-rows.ts'

export type MigrationOutcome =
  | { readonly ok: true; readonly applied: readonly string[] }
  | { readonly ok: false; readonly reason: 'migration-changed' | 'store-is-newer'; readonly detail: string }

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const fileName = /^(\d{4})_[a-z0-9_]+\.sql$/

export const readMigrations = (directory: URL = new URL('migrations/', import.meta.url)): readonly Migration[] =>
  readdirSync(directory)
    .filter((name) => fileName.test(name))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name, sql: readFileSync(new URL(name, directory), 'utf8') }))

/** A file's statements: each ends with `;` at the end of a line. */
export const statements = (sql: string): readonly string[] =>
  sql
    .replace(/^--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

interface Ledger {
  /** What is not applied yet, in order; or why nothing may be done. */
  readonly missing: readonly Migration[]
  readonly refusal: Extract<MigrationOutcome, { ok: false }> | null
}

/** A file that was changed after it was applied is refused, before anything is done. An empty database has no ledger yet. */
const readLedger = async (client: ClickHouseClient, migrations: readonly Migration[]): Promise<Ledger> => {
  const [[exists] = [0]] = await readRows<[number]>(
    client,
    `SELECT toUInt8(count()) FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'`,
  )
  if (exists === 0) return { missing: migrations, refusal: null }
  const recorded = await readRows<[number, string, string]>(client, 'SELECT number, name, sha256 FROM migrations FINAL ORDER BY number')
  const refuse = (reason: 'migration-changed' | 'store-is-newer', detail: string): Ledger => ({
    missing: [],
    refusal: { ok: false, reason, detail },
  })
  for (const [number, name, hash] of recorded) {
    const file = migrations.find((migration) => migration.number === number)
    if (file === undefined) return refuse('store-is-newer', `the store has had ${name}, which this version does not know`)
    if (sha256(file.sql) !== hash)
      return refuse('migration-changed', `${file.name} was changed after it was applied: undo that and add a new file`)
  }
  return { missing: migrations.filter(({ number }) => !recorded.some(([done]) => done === number)), refusal: null }
}

export interface Migrating {
  readonly client: ClickHouseClient
  readonly ddl: (statement: string) => string
  readonly clock: Clock
  /** Names this node in the lock: unique, of letters, digits and `-`. Null: no other process can reach the store. */
  readonly holder: string | null
  readonly lockTimes?: LockTimes
}

/** Which migrations the store lacks; for a node that may not apply them itself. */
export const lackingMigrations = async (
  client: ClickHouseClient,
  migrations: readonly Migration[],
): Promise<MigrationOutcome | { readonly ok: false; readonly reason: 'not-migrated'; readonly detail: string }> => {
  const { missing, refusal } = await readLedger(client, migrations)
  if (refusal !== null) return refusal
  if (missing.length === 0) return { ok: true, applied: [] }
  const names = missing.map(({ name }) => name).join(', ')
  return {
    ok: false,
    reason: 'not-migrated',
    detail: `the store lacks ${names}, and this node may not migrate it: run 'wardwatch clickhouse migrate'`,
  }
}

/**
 * Applies what is not applied yet, in order, one node at a time (migration-lock.ts). Every statement is `IF NOT EXISTS` or may be repeated, and a
 * file is recorded after its last one: a process killed in the middle, or another one after it, does it again.
 */
export const migrate = async (
  migrations: readonly Migration[],
  { client, ddl, clock, holder, lockTimes = lockTimesDefault }: Migrating,
): Promise<MigrationOutcome> => {
  const before = await readLedger(client, migrations)
  if (before.refusal !== null) return before.refusal
  if (before.missing.length === 0) return { ok: true, applied: [] }
  const lock = holder === null ? null : await takeMigrationLock({ client, ddl, holder, times: lockTimes })
  const applied: string[] = []
  try {
    await client.command({
      query: ddl(`CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, sha256 String, applied_at DateTime64(3, 'UTC'))
            ENGINE = ReplacingMergeTree ORDER BY number SETTINGS fsync_after_insert = 1`),
    })
    // Who had the lock before may have applied some.
    const { missing, refusal } = await readLedger(client, migrations)
    if (refusal !== null) return refusal
    for (const { number, name, sql } of missing) {
      for (const query of statements(sql)) {
        await lock?.check()
        await client.command({ query: ddl(query) })
      }
      await lock?.check()
      const row = { number, name, sha256: sha256(sql), applied_at: timeText(clock.now()) }
      await client.insert({ table: 'migrations', values: [row], format: 'JSONEachRow' })
      applied.push(name)
    }
    return { ok: true, applied }
  } finally {
    // What was done is in the ledger; a lock that can't be given back runs out.
    await lock?.release().catch(() => {})
  }
}
