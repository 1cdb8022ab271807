import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../contracts/clock.ts'
import { vitals } from '../contracts/vitals.ts'
import { vitalColumns } from './landing/reading-batch.ts'
import { timeText } from './landing/stored-values.ts'
import { migrate, type Migration, readMigrations, statements } from './migrate.ts'
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

const apply = (migrations: readonly Migration[]) =>
  migrate(migrations, { client: store.landing, ddl: store.ddl, clock: systemClock, holder: null })

it('every file has a number of its own, in order, and each statement may be repeated', () => {
  const files = readMigrations()
  const numbers = files.map(({ number }) => number)
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  for (const { sql } of files) for (const statement of statements(sql)) expect(statement).toMatch(/IF (NOT )?EXISTS|MODIFY SETTING/)
})

it('is applied once', async () => {
  expect(await apply(readMigrations())).toEqual({ ok: true, applied: [] })
})

it('a file that a kill interrupted is done again', async () => {
  await store.landing.command({ query: 'ALTER TABLE migrations DELETE WHERE number = 3 SETTINGS mutations_sync = 2' })
  expect(await apply(readMigrations())).toEqual({ ok: true, applied: ['0003_readings_by_minute.sql'] })
})

it('0004 on a store with readings: their maps are what they were, and a question about one vital finds them', async () => {
  const { sql } = readMigrations().find(({ number }) => number === 4)!
  const typed = (type: string): Promise<unknown> =>
    store.landing.command({ query: `ALTER TABLE readings MODIFY COLUMN other_vitals ${type}, MODIFY COLUMN sentinels ${type}` })
  await typed('Map(LowCardinality(String), Float64)')
  const landed_at = timeText(systemClock.now())
  const row = { landed_at, device: 'd', at: 1, other_vitals: { mood: 1e-7, "o'clock": 3 }, sentinels: { resp: -1 } }
  await store.landing.insert({ table: 'readings', values: [row, { landed_at, device: 'e', at: 2, hr: 60 }], format: 'JSONEachRow' })
  for (const times of ['once', 'again'] as const) {
    for (const query of statements(sql)) await store.landing.command({ query })
    const found = await readRows(store.query, `SELECT toTypeName(other_vitals), other_vitals, sentinels, hr FROM readings ORDER BY device`)
    expect(found, times).toEqual([
      ['Map(String, Float64)', row.other_vitals, row.sentinels, null],
      ['Map(String, Float64)', {}, {}, 60],
    ])
  }
})

it('refuses a file that was changed after it was applied, and a store that is newer', async () => {
  const [first, ...rest] = readMigrations()
  const changed = [{ ...first!, sql: `${first!.sql}\n-- one more word\n` }, ...rest]
  expect(await apply(changed)).toMatchObject({ ok: false, reason: 'migration-changed' })
  expect(await apply(readMigrations().slice(0, 2))).toMatchObject({ ok: false, reason: 'store-is-newer' })
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
  expect(await applyRetention(store.landing, retentionSettings.parse({}), store.ddl)).toEqual([])
  expect(await applyRetention(store.landing, retentionSettings.parse({ readingsDays: 7 }), store.ddl)).toEqual(['readings'])
  const [[sql] = ['']] = await readRows<[string]>(
    store.query,
    "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'readings'",
  )
  expect(sql).toContain('TTL toDateTime(landed_at) + toIntervalDay(7)')
  expect(await applyRetention(store.landing, retentionSettings.parse({ readingsDays: 7 }), store.ddl)).toEqual([])
})
