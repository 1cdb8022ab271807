import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../contracts/clock.ts'
import type { Reading } from '../../contracts/observation.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { AnalystConnection } from '../connection.ts'
import { createReadingBatch } from '../landing/reading-batch.ts'
import { sinkSettings } from '../landing/settings.ts'
import { timeText } from '../landing/stored-values.ts'
import type { Store } from '../open.ts'
import { type AnalystLimits, analystLimitsDefault } from '../query/limits.ts'
import { createAnalyst } from '../query/read-only-query.ts'
import { readRows } from '../read-rows.ts'
import { createSink } from '../sink.ts'
import { createFixedLog } from './fixed-log.ts'
import { createRandom, killRecords } from './kill-story.ts'
import { noon, plainDecoder, plainRedelivery } from './story-log.ts'

const hostile = `'"\\\n\t\u0000 😀 {x:String} ); DROP TABLE readings; --`

const readingOf = (n: number, random: () => number): Reading => ({
  kind: 'reading', device: n % 7 === 0 ? hostile : `pump-${n % 5}`, site: 'north', model: 'm', session: `s-${n % 3}`, receivedAt: noon + n,
  deviceTime: n % 4 === 0 ? null : noon + n - 3, seq: n % 3 === 0 ? null : n - 10, firmware: n % 13 === 0 ? 'é'.repeat(n * 40) : n % 2 === 0 ? '1.0' : null, bytes: n, payloadHash: n % 2 === 0 ? -n : n, redelivered: n % 2 === 0,
  vitals: { hr: random() * 200, ...(n % 2 === 0 ? { spo2: -0.5 } : {}), ...(n % 9 === 0 ? { mood: 1e300, "o'clock": n } : {}) },
  ...(n % 11 === 0 ? { sentinels: { resp: -1 } } : {}), ...(n % 5 === 0 ? { batteryPercent: 55.5 } : {}), ...(n % 6 === 0 ? { bootId: 'b' } : {}),
}) // prettier-ignore

/** What the rest of `store/` assumes of a connection, whatever is behind it. `open` gives an empty, migrated store each time it is called. */
export const describeStore = (name: string, open: () => Promise<Store>): void => {
  describe(name, () => {
    let store: Store
    const analysts: AnalystConnection[] = []
    beforeAll(async () => {
      store = await open()
    })
    afterAll(async () => {
      for (const analyst of analysts) analyst.close()
      await store.close()
    })
    const analystOf = (limits: Partial<AnalystLimits> = {}): AnalystConnection => {
      const analyst = store.openAnalyst({ ...analystLimitsDefault, ...limits })
      analysts.push(analyst)
      return analyst
    }
    const textOf = async (pieces: AsyncIterable<{ readonly bytes: Uint8Array }>): Promise<string> => {
      let text = ''
      for await (const { bytes } of pieces) text += Buffer.from(bytes).toString('utf8')
      return text
    }

    it('columns are the rows that they stand for, without those left out', async () => {
      const random = createRandom(7)
      const batch = createReadingBatch()
      batch.landedAtMs = noon + 5
      for (let n = 0; n < 500; n++) batch.add(readingOf(n, random), n % 4, n)
      batch.leaveOut(new Set(['1/5', '3/499']))
      await store.insertColumns({ table: 'readings', batch, token: 'columns' })
      const everything = 'SELECT * FROM readings ORDER BY log_offset SETTINGS output_format_json_quote_64bit_integers = 0'
      const byColumns = await readRows(store.query, everything)
      expect(byColumns).toHaveLength(498)
      await store.landing.command({ query: 'TRUNCATE TABLE readings' })
      await store.insertRows({ table: 'readings', rows: [...batch.rows()], token: 'rows' })
      expect(byColumns).toEqual(await readRows(store.query, everything))
    })

    it('an insert is all of it or nothing', async () => {
      const rows = Array.from({ length: 5_000 }, (_, n) => ({
        reason: 'not-json',
        detail: `${n}`,
        received_at: timeText(noon),
        landed_at: timeText(noon),
      }))
      await expect(
        store.insertRows({ table: 'dead_letters', rows: [...rows, { reason: 'x', received_at: 'no time' }], token: 'broken' }),
      ).rejects.toThrow(/DateTime/)
      expect(await readRows(store.query, 'SELECT toUInt32(count()) FROM dead_letters')).toEqual([[0]])
      await store.insertRows({ table: 'dead_letters', rows, token: 'whole' })
      expect(await readRows(store.query, 'SELECT toUInt32(count()), uniqExact(_part) FROM dead_letters')).toEqual([[5_000, 1]])
      await store.settled(['dead_letters'], 0)
    })

    it('hostile text goes in and comes out as it is, as a row and as a parameter', async () => {
      await store.insertRows({
        table: 'postures',
        rows: [{ device: hostile, subject: hostile, landed_at: timeText(noon) }],
        token: 'hostile',
      })
      const asked = await analystOf().text(
        'SELECT subject, {n:Int64}, {list:Array(String)}, {numbers:Array(Float64)}, toUInt64(9007199254740991) FROM postures WHERE device = {device:String}',
        { device: hostile, n: -5, list: [hostile, 'b'], numbers: [1.5, -2] },
        'JSONCompactEachRow',
      )
      expect(JSON.parse(asked)).toEqual([hostile, -5, [hostile, 'b'], [1.5, -2], 9_007_199_254_740_991])
      expect(await readRows(store.query, 'SELECT subject FROM postures WHERE device = {device:String}', { device: hostile })).toEqual([
        [hostile],
      ])
    })

    it("an error is the engine's sentence with its code, and the next question is answered", async () => {
      await expect(readRows(store.query, 'SELECT no_such_column FROM readings')).rejects.toThrow(/no_such_column/)
      await expect(store.landing.command({ query: 'CREATE TABLE readings (a Int8) ENGINE = Memory' })).rejects.toMatchObject({ code: '57' })
      await expect(analystOf().text('SELECT (1', {}, 'CSV')).rejects.toThrow(/syntax error/i)
      expect(await readRows(store.query, 'SELECT 1')).toEqual([[1]])
    })

    it('an analyst reads in the database and does nothing else', async () => {
      const analyst = analystOf()
      expect(await analyst.text("SELECT currentDatabase(), getSetting('readonly')", {}, 'TabSeparated')).toBe(`${store.database}\t1\n`)
      for (const sql of [
        'INSERT INTO postures (device) VALUES (1)',
        'DROP TABLE postures',
        'CREATE TABLE x (a Int8) ENGINE = Memory',
        'SELECT 1 SETTINGS max_threads = 9',
      ])
        await expect(analyst.text(sql, {}, 'CSV'), sql).rejects.toThrow(/readonly|not enough privileges|prohibited/i)
    })

    it("an analyst's rows, time and memory are limited", async () => {
      expect(await textOf(analystOf({ rowsMax: 3 }).stream('SELECT number FROM numbers(1000000)', 'CSV'))).toBe('0\n1\n2\n')
      const long = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)'
      const begun = Date.now()
      await expect(analystOf({ timeoutMs: 300 }).text(long, {}, 'CSV')).rejects.toThrow(/timeout|time limit/i)
      expect(Date.now() - begun).toBeLessThan(5_000)
      await expect(
        analystOf({ memoryBytesMax: 50_000_000 }).text('SELECT groupArray(number) FROM numbers(1000000000)', {}, 'CSV'),
      ).rejects.toThrow(/memory limit/i)
    })

    it('a long answer comes in pieces, may be left early, and a broken one says so', async () => {
      let pieces = 0
      let rows = 0
      for await (const piece of analystOf({ rowsMax: 0 }).stream('SELECT number FROM numbers(500000)', 'JSONEachRow')) {
        pieces++
        rows += piece.rows
      }
      expect([rows, pieces > 1]).toEqual([500_000, true])
      const leaving = analystOf({ rowsMax: 0 })
      for await (const { bytes } of leaving.stream('SELECT number FROM numbers(100000000)', 'JSONCompactEachRow')) {
        expect(bytes.length).toBeGreaterThan(0)
        break
      }
      expect(await leaving.text('SELECT 1', {}, 'CSV')).toBe('1\n')
      await expect(
        textOf(analystOf({ rowsMax: 0 }).stream("SELECT throwIf(number = 400000, 'it broke') FROM numbers(500000)", 'JSONEachRow')),
      ).rejects.toThrow(/it broke/)
    })

    it("a long question stands in no insert's way", async () => {
      const long = analystOf({ timeoutMs: 1_500 }).text('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)', {}, 'CSV')
      const ended = long.then(
        () => 'answered',
        () => 'stopped',
      )
      await store.insertRows({ table: 'redeliveries', rows: [{ device: 'a', landed_at: timeText(noon) }], token: 'beside' })
      expect(await Promise.race([ended, readRows(store.query, 'SELECT toUInt32(count()) FROM redeliveries')])).toEqual([[1]])
      expect(await ended).toBe('stopped')
    })

    it('wardwatch query: refuses what is no question, answers what is one', async () => {
      const analyst = createAnalyst(store)
      expect(await analyst.ask("SELECT file('/etc/passwd')")).toMatchObject({ ok: false, reason: 'not-allowed' })
      const answered = await analyst.ask('SELECT device AS d, count() AS n FROM redeliveries GROUP BY d', { format: 'CSV' })
      if (!answered.ok) throw new Error(answered.detail)
      let text = ''
      for await (const piece of answered.pieces) text += Buffer.from(piece).toString()
      expect([answered.columns.map((column) => column.name), text]).toEqual([['d', 'n'], '"a",1\n'])
    })

    it('the sink lands a story once, over two starts', async () => {
      for (const table of ['readings', 'redeliveries', 'dead_letters', 'sessions', 'findings'])
        await store.landing.command({ query: `TRUNCATE TABLE ${table}` })
      const { records, expected } = killRecords(11, 800)
      for (const stopAfter of [300, Infinity]) {
        const log = createFixedLog(records, 97)
        const sink = createSink({
          log, store, decoder: plainDecoder, redelivery: plainRedelivery(), clock: systemClock, logger: silentLogger,
          settings: sinkSettings.parse({ flushMs: 10, batchRowsMax: 300, rollUpMs: 0 }),
        }) // prettier-ignore
        await sink.start()
        const landed = (): number => Object.values(sink.stats().rowsByTable).reduce((sum, rows) => sum + rows, 0)
        const isDone = (): boolean => [...log.ends].every(([partition, next]) => (sink.stats().positions[partition] ?? 0) >= next)
        await expect.poll(() => isDone() || landed() > stopAfter, { timeout: 20_000 }).toBe(true)
        await sink.close()
      }
      const count = async (table: string): Promise<number> =>
        (await readRows<[number]>(store.query, `SELECT toUInt32(count()) FROM ${table}`))[0]![0]
      expect({
        readings: await count('readings'), redeliveries: await count('redeliveries'), deadLetters: await count('dead_letters'),
        sessions: await count('sessions'), findings: await count('findings'),
      }).toEqual(expected) // prettier-ignore
    })
  })
}
