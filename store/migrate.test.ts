import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../contracts/clock.ts'
import { vitals } from '../contracts/vitals.ts'
import { vitalColumns } from './landing/reading-batch.ts'
import { migrate, readMigrations, statements } from './migrate.ts'
import type { Store } from './open.ts'
import { readRows } from './read-rows.ts'
import { applyRetention, retentionSettings } from './retention.ts'
import { openedStore, temporaryDirectory } from './testing/temporary-store.ts'

const home = temporaryDirectory()
let store: Store
beforeAll(async () => {
  store = await openedStore(home.path)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

it('every file has a number of its own, in order, and each statement may be repeated', () => {
  const files = readMigrations()
  const numbers = files.map(({ number }) => number)
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  for (const { sql } of files) for (const statement of statements(sql)) expect(statement).toMatch(/IF (NOT )?EXISTS/)
})

it('is applied once', async () => {
  expect(await migrate(store.landing, readMigrations(), systemClock)).toEqual({ ok: true, applied: [] })
})

it('a file that a kill interrupted is done again', async () => {
  await store.landing.command({ query: 'ALTER TABLE migrations DELETE WHERE number = 3 SETTINGS mutations_sync = 2' })
  expect(await migrate(store.landing, readMigrations(), systemClock)).toEqual({ ok: true, applied: ['0003_readings_by_minute.sql'] })
})

it('refuses a file that was changed after it was applied, and a store that is newer', async () => {
  const [first, ...rest] = readMigrations()
  const changed = [{ ...first!, sql: `${first!.sql}\n-- one more word\n` }, ...rest]
  expect(await migrate(store.landing, changed, systemClock)).toMatchObject({ ok: false, reason: 'migration-changed' })
  expect(await migrate(store.landing, readMigrations().slice(0, 2), systemClock)).toMatchObject({ ok: false, reason: 'store-is-newer' })
})

it('every vital of contracts/ has a column of its own', async () => {
  expect([...vitalColumns].sort()).toEqual(Object.keys(vitals).sort())
  const columns = await readRows<[string]>(
    store.query,
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'readings'",
  )
  expect(columns.map(([name]) => name)).toEqual(expect.arrayContaining([...vitalColumns]))
})

it('retention is altered where it differs, and only there', async () => {
  expect(await applyRetention(store.landing, retentionSettings.parse({}))).toEqual([])
  expect(await applyRetention(store.landing, retentionSettings.parse({ readingsDays: 7 }))).toEqual(['readings'])
  const [[sql] = ['']] = await readRows<[string]>(
    store.query,
    "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'readings'",
  )
  expect(sql).toContain('TTL toDateTime(landed_at) + toIntervalDay(7)')
  expect(await applyRetention(store.landing, retentionSettings.parse({ readingsDays: 7 }))).toEqual([])
})
