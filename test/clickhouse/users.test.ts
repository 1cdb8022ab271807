import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../contracts/clock.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createDeskHistory } from '../../store/desk/desk-history.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { rollUp } from '../../store/landing/roll-up.ts'
import { createAnalyst } from '../../store/query/read-only-query.ts'
import { readRows } from '../../store/read-rows.ts'
import type { ServerRole } from '../../store/server/users.ts'
import { createSink } from '../../store/sink.ts'
import { createFixedLog } from '../../store/testing/fixed-log.ts'
import { killRecords } from '../../store/testing/kill-story.ts'
import { plainDecoder, plainRedelivery } from '../../store/testing/story-log.ts'
import { type StandInWithUsers, startStandInWithUsers } from './stand-in-with-users.ts'

// A server that somebody else runs is given no users of ours.
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)(
  'users of a ClickHouse server (a stand-in: the rights are the engine’s own)',
  () => {
    let standIn: StandInWithUsers
    beforeAll(async () => {
      standIn = await startStandInWithUsers()
    })
    afterAll(() => standIn.stop())

    it('migrate makes the tables, sink lands, desk reads and remembers, each with its own user', async () => {
      await standIn.storeOf('migrate', true)
      const { records, expected } = killRecords(3, 500)
      const sinkStore = await standIn.storeOf('sink')
      const log = createFixedLog(records, 97)
      const sink = createSink({
      log, store: sinkStore, decoder: plainDecoder, redelivery: plainRedelivery(), clock: systemClock, logger: silentLogger,
      settings: sinkSettings.parse({ flushMs: 10, rollUpMs: 0 }),
    }) // prettier-ignore
      await sink.start()
      await expect
        .poll(() => [...log.ends].every(([name, next]) => (sink.stats().positions[name] ?? 0) >= next), { timeout: 10_000 })
        .toBe(true)
      await sink.close()
      expect(await rollUp(sinkStore.query)).not.toBeNull()
      const desk = await standIn.storeOf('desk')
      expect(await readRows(desk.query, 'SELECT toUInt32(count()) FROM readings')).toEqual([[expected.readings]])
      const warnings: unknown[] = []
      const history = createDeskHistory({
      store: desk, clock: systemClock, logger: { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) }, behindMs: () => null,
    }) // prettier-ignore
      await history.ready
      expect(await history.deviceFacts('dev-0-0')).toMatchObject({ firmware: '1' })
      await history.close()
      expect(warnings).toEqual([])
      expect(await createAnalyst(desk).ask('SELECT count() FROM alerts')).toMatchObject({ ok: true })
    })

    it.each<[ServerRole, string]>([
      ['sink', 'DROP TABLE readings'],
      ['sink', 'ALTER TABLE readings DELETE WHERE 1'],
      ['sink', 'TRUNCATE TABLE cases'],
      ['sink', 'CREATE TABLE x (a Int8) ENGINE = Memory'],
      ['sink', 'INSERT INTO devices_heard (device) VALUES (1)'],
      ['sink', "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')"],
      ['sink', 'CREATE USER x'],
      ['desk', 'INSERT INTO cases (sequence) VALUES (1)'],
      ['desk', 'INSERT INTO readings (device) VALUES (1)'],
      ['desk', 'ALTER TABLE cases UPDATE why = 1 WHERE 1'],
      ['desk', 'DROP VIEW alerts'],
      ['desk', "SELECT * FROM remote('127.0.0.1', system.one)"],
      ['desk', "INSERT INTO FUNCTION file('/tmp/x', CSV, 'a String') SELECT 1"],
      ['grafana', 'INSERT INTO devices_heard (device) VALUES (1)'],
      ['grafana', 'SELECT event FROM cases'],
      ['grafana', 'SELECT * FROM dead_letters'],
      ['grafana', 'DROP TABLE readings'],
      ['migrate', 'DROP DATABASE wardwatch'],
      ['migrate', 'TRUNCATE TABLE cases'],
      ['migrate', 'CREATE TABLE default.x (a Int8) ENGINE = Memory'],
    ])('%s may not: %s', async (role, query) => {
      const client = standIn.clientOf(role)
      await expect(client.command({ query })).rejects.toThrow(/not enough privileges|readonly mode/i)
      await client.close()
    })

    it.each<[ServerRole, string]>([
      ['grafana', 'SELECT * FROM alerts'],
      ['grafana', 'SELECT device, hr FROM readings ORDER BY at DESC LIMIT 5'],
      ['grafana', 'SELECT * FROM readings_by_minute FINAL LIMIT 1'],
      ['hub', 'INSERT INTO devices_heard (device) VALUES (1)'],
      ['hub', 'SELECT count() FROM readings'],
    ])('%s may: %s', async (role, query) => {
      const client = standIn.clientOf(role)
      await client.command({ query })
      await client.close()
    })
  },
)
