import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { StoreConnection } from '../../store/connection.ts'
import { type LockTimes, LockLost, takeMigrationLock } from '../../store/migration-lock.ts'
import { readMigrations } from '../../store/migrate.ts'
import { readyStore, storeSettings } from '../../store/open.ts'
import { readRows } from '../../store/read-rows.ts'
import { connectServer } from '../../store/server/connect-server.ts'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { type TestServer, testServer } from './test-server.ts'

const home = temporaryDirectory()
let server: TestServer
const open: StoreConnection[] = []
beforeAll(async () => {
  server = await testServer(home.path)
})
afterAll(async () => {
  for (const connection of open) await connection.close()
  await server.stop()
  home.remove()
})

const quick: LockTimes = { leaseMs: 1_000, renewMs: 300, pollMs: 50, waitMsMax: 30_000 }
let databases = 0
const newDatabase = (): string => `${server.settings.database}_${databases++}`

const node = (database: string): StoreConnection => {
  const connection = connectServer({ ...server.settings, database })
  open.push(connection)
  return connection
}
const ready = (connection: StoreConnection, database: string, holder: string, migrates = true) =>
  readyStore(connection, {
    database, holder, migrates, settings: storeSettings.parse({}), logger: silentLogger, clock: systemClock, lockTimes: quick,
  }) // prettier-ignore

/** What stands in the tables' definitions, without what differs from one making to the next. */
const schema = async (database: string): Promise<unknown[]> =>
  readRows(
    node('default').query,
    `SELECT name, replaceAll(create_table_query, {database:String}, 'd') FROM system.tables WHERE database = {database:String} ORDER BY name`,
    { database },
  )

/** Tells of each statement that changes something before it is sent; a throw keeps it from the server. */
const watched = (connection: StoreConnection, onStatement: (sql: string) => Promise<void> | void): StoreConnection => ({
  ...connection,
  get landing() {
    const client = connection.landing
    return Object.assign(Object.create(client) as typeof client, {
      async command(params: { readonly query: string }) {
        await onStatement(params.query)
        return client.command(params)
      },
    })
  },
  get query() {
    return connection.query
  },
})

it('four nodes that start together migrate once', async () => {
  const database = newDatabase()
  const made: string[] = []
  const nodes = ['a', 'b', 'c', 'd'].map((holder) =>
    ready(
      watched(node(database), (sql) => void (/^DROP VIEW|^ALTER TABLE sessions/.test(sql) && made.push(sql))),
      database,
      holder,
    ),
  )
  expect(await Promise.all(nodes)).toEqual([{ ok: true }, { ok: true }, { ok: true }, { ok: true }])
  expect(made.length).toBe(new Set(made).size)
  const alone = newDatabase()
  await ready(node(alone), alone, 'alone')
  expect(await schema(database)).toEqual(await schema(alone))
  expect(
    await readRows(open.at(-2)!.query, `SELECT name FROM system.tables WHERE database = {database:String} AND name LIKE 'migrating%'`, {
      database,
    }),
  ).toEqual([])
})

it('one that dies at any statement is followed by another, and the tables are as if it had not', async () => {
  const whole = newDatabase()
  await ready(node(whole), whole, 'whole')
  const expected = await schema(whole)
  for (const diesAt of [11, 26]) {
    const database = newDatabase()
    let statement = 0
    const dying = watched(node(database), () => {
      // From here on nothing of it reaches the server: no release, no renewal.
      if (++statement > diesAt) throw new Error('killed')
    })
    await expect(ready(dying, database, `dying-${diesAt}`)).rejects.toThrow('killed')
    expect(await ready(node(database), database, 'next')).toEqual({ ok: true })
    expect(await schema(database), `died at ${diesAt}`).toEqual(expected)
  }
}, 60_000)

it('one that was taken for dead and comes back changes nothing any more', async () => {
  const database = newDatabase()
  const other = node(database)
  const sent: string[] = []
  const stalled = watched(node(database), async (sql) => {
    if (!sql.includes('migrating')) sent.push(sql)
    if (sent.length !== 10 || others !== null) return
    // As one whose network broke: its renewals were lost, and another one has done it all meanwhile.
    await other.use(database)
    await other.landing.command({ query: `CREATE TABLE migrating_2 (nothing UInt8) ENGINE = Memory COMMENT 'younger'` })
    others = 'younger'
  })
  let others: string | null = null
  await expect(ready(stalled, database, 'slow')).rejects.toThrow(LockLost)
  // The statement that was on its way, and none after it.
  expect(sent).toHaveLength(10)
})

it('the lock goes to one at a time, and from a dead one to the next', async () => {
  const database = newDatabase()
  const connection = node(database)
  await connection.landing.command({ query: `CREATE DATABASE ${database} ENGINE = Atomic` })
  await connection.use(database)
  const take = (holder: string) => takeMigrationLock({ client: connection.landing, ddl: (sql) => sql, holder, times: quick })
  let inside = 0
  let most = 0
  await Promise.all(
    ['a', 'b', 'c'].map(async (holder) => {
      const lock = await take(holder)
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 100))
      inside--
      await lock.release()
    }),
  )
  expect(most).toBe(1)
  await connection.landing.command({ query: `CREATE TABLE migrating_7 (nothing UInt8) ENGINE = Memory COMMENT 'dead'` })
  const begun = performance.now()
  const lock = await take('heir')
  expect(performance.now() - begun).toBeGreaterThan(1_000)
  await lock.check()
  await lock.release()
  expect(await readRows(connection.query, 'SELECT name FROM system.tables WHERE database = currentDatabase()')).toEqual([])
})

it('a node that may not migrate says what is missing, and goes on once it is there', async () => {
  const database = newDatabase()
  await node('default').landing.command({ query: `CREATE DATABASE ${database} ENGINE = Atomic` })
  const waiting = node(database)
  expect(await ready(waiting, database, 'waiting', false)).toMatchObject({ ok: false, reason: 'not-migrated' })
  await ready(node(database), database, 'migrator')
  expect(await ready(waiting, database, 'waiting', false)).toEqual({ ok: true })
  expect(readMigrations().length).toBeGreaterThan(5)
})
