import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../open.ts'
import { timeText } from '../landing/stored-values.ts'
import { readRows } from '../read-rows.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory } from '../testing/temporary-store.ts'
import { type Analyst, createAnalyst, QueryStopped } from './read-only-query.ts'

const home = temporaryDirectory()
let store: Store
let analyst: Analyst
beforeAll(async () => {
  store = await openedStore(home.path)
  analyst = createAnalyst(store)
  const values = Array.from({ length: 50 }, (_, i) => ({ device: `dev-${i % 5}`, hr: 60 + i, log_offset: i, landed_at: timeText(noon) }))
  await store.landing.insert({ table: 'readings', format: 'JSONEachRow', values })
})
afterAll(async () => {
  await store.close()
  home.remove()
})

const answer = async (sql: string, options: Parameters<Analyst['ask']>[1] = {}): Promise<string> => {
  const answered = await analyst.ask(sql, options)
  if (!answered.ok) return `${answered.reason}: ${answered.detail}`
  let text = ''
  for await (const piece of answered.pieces) text += Buffer.from(piece).toString('utf8')
  return text
}

const out = join(home.path, 'out.csv')
const refused = [
  // what the engine's own read-only mode lets through
  "SELECT file('/etc/passwd')",
  "SELECT * APPLY(file) FROM (SELECT '/etc/passwd' AS p)",
  "SELECT COLUMNS('p') APPLY(x -> file(x)) FROM (SELECT '/etc/passwd' AS p)",
  "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
  'SELECT (SELECT "FILE"(\'/etc/passwd\'))',
  "SELECT 1 LIMIT length(file('/etc/passwd'))",
  `SELECT 1 INTO OUTFILE '${out}'`,
  `SELECT 1 INTO /* x */ OUTFILE '${out}'`,
  `EXPLAIN SELECT 1 INTO OUTFILE '${out}'`,
  'KILL QUERY WHERE 1',
  'USE system',
  'SELECT 1; DROP TABLE readings',
  'SELECT 1 IN system.processes',
  "DESCRIBE TABLE file('/etc/passwd')",
  // what it refuses as well
  "INSERT INTO readings (device) VALUES ('x')",
  "EXPLAIN INSERT INTO readings (device) VALUES ('x')",
  'DROP TABLE readings',
  'TRUNCATE TABLE readings',
  'ALTER TABLE readings DELETE WHERE 1',
  'OPTIMIZE TABLE readings',
  'RENAME TABLE readings TO r',
  'ATTACH TABLE x',
  'CREATE TABLE x (a Int8) ENGINE = Memory',
  'CREATE TEMPORARY TABLE x (a Int8)',
  'CREATE FUNCTION f AS x -> x',
  'GRANT ALL ON *.* TO default',
  'SET readonly = 0',
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT 1 SETTINGS max_execution_time = 1000',
  'SYSTEM SHUTDOWN',
  `BACKUP TABLE readings TO File('${out}')`,
  "SELECT * FROM file('/etc/passwd', LineAsString)",
  'SELECT * FROM `/etc/passwd`',
  'SELECT * FROM default.`/etc/passwd`',
  "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
  "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', CSV, 'a String')",
  "SELECT * FROM remote('127.0.0.1', system.one)",
  "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
  "SELECT * FROM sqlite('/tmp/x', 't')",
  "SELECT * FROM executable('id', TSV, 'a String')",
  "SELECT * FROM merge('system', '.*')",
  "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
  'SELECT * FROM system.server_settings',
  "SELECT dictGet('a', 'b', 1)",
  'SELECT sleep(3)',
]

it.each(refused)('refuses %s', async (sql) => {
  expect(await answer(sql)).toMatch(/^(not-allowed|bad-query): ./)
  expect(existsSync(out)).toBe(false)
})

it('after all of these the readings are untouched and the store still lands', async () => {
  expect(await readRows(store.query, 'SELECT toUInt32(count()) FROM readings')).toEqual([[50]])
  await store.landing.command({ query: 'CREATE TABLE IF NOT EXISTS still (a Int8) ENGINE = Memory' })
})

it.each([
  ['SELECT count() AS n FROM readings', '{"n":50}\n'],
  [
    "SELECT device, avg(hr)::Int32 AS hr FROM wardwatch.readings WHERE device != 'dev-0' GROUP BY device ORDER BY device LIMIT 1",
    '{"device":"dev-1","hr":83}\n',
  ],
  ['WITH 2 AS two, t AS (SELECT number AS n FROM numbers(5)) SELECT sum(n * two) AS s FROM t -- ; DROP', '{"s":20}\n'],
  ["SELECT 'it''s; fine' AS x, 'a\\nb' AS y", '{"x":"it\'s; fine","y":"a\\nb"}\n'],
  ['SELECT hr, row_number() OVER (ORDER BY hr DESC) AS r FROM readings QUALIFY r = 1', '{"hr":109,"r":1}\n'],
  ['EXISTS TABLE readings', 'not-allowed: only SELECT, EXPLAIN, DESCRIBE and SHOW may be asked'],
])('answers %s', async (sql, expected) => {
  expect(await answer(sql)).toBe(expected)
})

it('answers SHOW, DESCRIBE and EXPLAIN', async () => {
  expect(await answer('SHOW TABLES')).toContain('readings_by_minute')
  expect(await answer('DESCRIBE readings')).toContain('battery_percent')
  expect(await answer('EXPLAIN SELECT count() FROM readings')).toContain('explain')
})

it('names the columns, and cuts at rowsMax however small', async () => {
  const answered = await analyst.ask('SELECT number AS n, toString(n) AS s FROM numbers(1000000)', { rowsMax: 3, format: 'CSV' })
  if (!answered.ok) throw new Error(answered.detail)
  let text = ''
  for await (const piece of answered.pieces) text += Buffer.from(piece).toString()
  expect([answered.columns, text, answered.rows()]).toEqual([
    [
      { name: 'n', type: 'UInt64' },
      { name: 's', type: 'String' },
    ],
    '0,"0"\n1,"1"\n2,"2"\n',
    3,
  ])
  expect(await answer("SELECT file('/etc/passwd')", { rowsMax: 1 })).toMatch(/^not-allowed/)
})

it('stops what takes too long or too much memory, and says so', async () => {
  await expect(answer('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', { timeoutMs: 200 })).rejects.toThrow(QueryStopped)
  await expect(answer('SELECT groupArray(number) FROM numbers(1000000000)', { memoryBytesMax: 50_000_000 })).rejects.toThrow(/memory limit/)
})

it('a long question blocks neither the event loop nor an insert, and a second one is told to wait', async () => {
  const long = answer('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', { timeoutMs: 1_500 }).catch((error: unknown) => error)
  let isOver = false
  void long.then(() => {
    isOver = true
  })
  let turns = 0
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(() => resolve(turns++)))
  await store.landing.insert({ table: 'dead_letters', format: 'JSONEachRow', values: [{ reason: 'not-json' }] })
  expect([turns, isOver]).toEqual([20, false])
  expect(await answer('SELECT 1')).toMatch(/^busy/)
  expect(await long).toBeInstanceOf(QueryStopped)
  expect(await answer('SELECT 1 AS one')).toBe('{"one":1}\n')
})

it('leaving an answer early frees the place', async () => {
  const answered = await analyst.ask('SELECT number FROM numbers(100000000)', { rowsMax: 100_000_000 })
  if (!answered.ok) throw new Error(answered.detail)
  for await (const piece of answered.pieces) {
    expect(piece.length).toBeGreaterThan(0)
    break
  }
  expect(await answer('SELECT 1 AS one')).toBe('{"one":1}\n')
})
