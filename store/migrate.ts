import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Clock } from '../contracts/clock.ts'
import { timeText } from './landing/stored-values.ts'
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

/**
 * Applies what is not applied yet, in order. Every statement is `IF NOT EXISTS` or may be repeated, and a file is recorded after its last
 * one: a process killed in the middle does it again. A file that was changed after it was applied is refused, before anything is done.
 */
export const migrate = async (client: ClickHouseClient, migrations: readonly Migration[], clock: Clock): Promise<MigrationOutcome> => {
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, sha256 String, applied_at DateTime64(3, 'UTC'))
            ENGINE = ReplacingMergeTree ORDER BY number SETTINGS fsync_after_insert = 1`,
  })
  const recorded = await readRows<[number, string, string]>(client, 'SELECT number, name, sha256 FROM migrations FINAL ORDER BY number')
  for (const [number, name, hash] of recorded) {
    const file = migrations.find((migration) => migration.number === number)
    if (file === undefined)
      return { ok: false, reason: 'store-is-newer', detail: `the store has had ${name}, which this version does not know` }
    if (sha256(file.sql) !== hash) {
      return {
        ok: false,
        reason: 'migration-changed',
        detail: `${file.name} was changed after it was applied: undo that and add a new file`,
      }
    }
  }
  const applied: string[] = []
  for (const { number, name, sql } of migrations) {
    if (recorded.some(([done]) => done === number)) continue
    for (const query of statements(sql)) await client.command({ query })
    const row = { number, name, sha256: sha256(sql), applied_at: timeText(clock.now()) }
    await client.insert({ table: 'migrations', values: [row], format: 'JSONEachRow' })
    applied.push(name)
  }
  return { ok: true, applied }
}
