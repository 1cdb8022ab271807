import { expect, it } from 'vitest'
import type { CaseEvent } from '../contracts/case-event.ts'
import { systemClock } from '../contracts/clock.ts'
import { openEngine } from './engine/open-engine.ts'
import { caseRow } from './landing/rows.ts'
import { timeText } from './landing/stored-values.ts'
import { migrate, readMigrations } from './migrate.ts'
import { readRows } from './read-rows.ts'
import { temporaryDirectory, testKey } from './testing/temporary-store.ts'

const numbers = 'SETTINGS output_format_json_quote_64bit_integers = 0'
const start = Math.floor(Date.now() / 1_000) * 1_000

it('a store of the version before is migrated with what it holds', async () => {
  const old = temporaryDirectory()
  const opened = await openEngine(old.path, testKey, { memoryBytesMax: 1_000_000_000, mergeThreads: 1 })
  if (!opened.ok) throw new Error(opened.detail)
  const { connection } = opened
  const migrating = { client: connection.landing, ddl: connection.ddl, clock: systemClock, holder: null }
  try {
    await connection.landing.command({ query: 'CREATE DATABASE IF NOT EXISTS wardwatch ENGINE = Atomic' })
    await connection.use('wardwatch')
    expect(await migrate(readMigrations().filter(({ number }) => number < 10), migrating)).toMatchObject({ ok: true }) // prettier-ignore
    // A row as the version before landed it.
    const event = (sequence: number, opened: boolean, severity: string) => ({
      sequence, type: 'finding.folded', recorded_at: timeText(start), actor: 'wardwatch', alert: 'AL-1', finding: `f-${sequence}`, detector: 'replay', title: 'Replay',
      device: 'pump-1', site: 'north', severity, score: 0.5, why: 'w', at: timeText(start + sequence), previous: '0'.repeat(64), hash: 'a'.repeat(64),
      event: JSON.stringify({ opened }), log_topic: 'cases.v1', log_partition: 0, log_offset: sequence, landed_at: timeText(start),
    }) // prettier-ignore
    await connection.landing.insert({ table: 'cases', format: 'JSONEachRow', values: [event(1, true, 'high'), event(2, false, 'medium')] })
    expect(await migrate(readMigrations(), migrating)).toMatchObject({ ok: true })
    // Done again after a kill.
    await connection.landing.command({ query: 'ALTER TABLE migrations DELETE WHERE number = 10 SETTINGS mutations_sync = 2' })
    expect(await migrate(readMigrations(), migrating)).toEqual({ ok: true, applied: ['0010_case_events.sql'] })
    const closed: CaseEvent = {
      type: 'alert.closed', sequence: 3, previous: 'a'.repeat(64), hash: 'b'.repeat(64), recordedAt: start, actor: 'ann', alert: 'AL-2', verdict: 'other', reason: 'r',
    } // prettier-ignore
    await connection.landing.insert({
      table: 'cases',
      format: 'JSONEachRow',
      values: [
        { ...caseRow(closed, JSON.stringify(closed)), log_topic: 'cases.v1', log_partition: 0, log_offset: 3, landed_at: timeText(start) },
      ],
    })
    expect(await readRows(connection.query, `SELECT id, severity, count, state, owner, verdict FROM alerts ${numbers}`)).toEqual([
      ['AL-1', 'high', 2, 'new', null, null],
    ])
    expect(
      await readRows(connection.query, `SELECT sequence, opened, severity, score, state FROM cases ORDER BY sequence ${numbers}`),
    ).toEqual([
      [1, true, 'high', 0.5, ''],
      [2, false, 'medium', 0.5, ''],
      [3, false, null, null, 'closed'],
    ])
  } finally {
    await connection.close()
    old.remove()
  }
})
