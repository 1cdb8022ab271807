import type { ClickHouseClient } from '@clickhouse/client'
import { readRows } from '../read-rows.ts'
import { vitalColumns } from './reading-batch.ts'
import { timeText } from './stored-values.ts'

const moment = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}))`
const listOf = (names: readonly string[], expression: (name: string) => string): string => `[${names.map(expression).join(', ')}]`

/**
 * Brings `readings_by_minute` up to date with the readings that landed since it was last done: every minute of a device in which one landed
 * is computed anew from all its readings, and only for the vitals that came: of one that did not, no minute has changed. May be killed
 * anywhere and repeated: the result is the same (migrations/0003).
 * `upToMs`: what landed after it is left for later. Answers the `landed_at` up to which it is done, ms; null when nothing is new.
 */
export const rollUp = async (client: ClickHouseClient, upToMs = Number.MAX_SAFE_INTEGER): Promise<number | null> => {
  const ints = 'SETTINGS output_format_json_quote_64bit_integers = 0'
  const [mark] = await readRows<[number]>(
    client,
    `SELECT toUnixTimestamp64Milli(max(landed_up_to)) FROM rollup_marks WHERE name = 'readings_by_minute' ${ints}`,
  )
  const doneMs = mark?.[0] ?? 0
  const fresh = `landed_at > ${moment(doneMs)}${upToMs === Number.MAX_SAFE_INTEGER ? '' : ` AND landed_at <= ${moment(upToMs)}`}`
  const [range] = await readRows<[number, number, number, number, string[], number]>(
    client,
    `SELECT count(), toUnixTimestamp64Milli(min(at)), toUnixTimestamp64Milli(max(at)), toUnixTimestamp64Milli(max(landed_at)),
       arrayFilter((name, times) -> times > 0, ${listOf(vitalColumns, (name) => `'${name}'`)}, ${listOf(vitalColumns, (name) => `count(${name})`)}),
       countIf(notEmpty(other_vitals))
     FROM readings WHERE ${fresh} ${ints}`,
  )
  if (range === undefined || range[0] === 0) return null
  const [, firstMs, lastMs, newestMs, came, others] = range
  const from = Math.floor(firstMs / 60_000) * 60_000
  const to = Math.floor(lastMs / 60_000) * 60_000 + 60_000
  const touched = `at >= ${moment(from)} AND at < ${moment(to)} AND landed_at <= ${moment(newestMs)}
      AND (device, toStartOfMinute(at)) IN (SELECT device, toStartOfMinute(at) FROM readings WHERE ${fresh} AND landed_at <= ${moment(newestMs)})`
  const each = (expression: (name: string) => string): string => listOf(came, expression)
  if (came.length > 0)
    await client.command({
      query: `INSERT INTO readings_by_minute
      SELECT device, vital, minute, site, assumeNotNull(low), assumeNotNull(high), assumeNotNull(total), times
      FROM (
        SELECT device, toStartOfMinute(at) AS minute, any(site) AS site,
          ${each((name) => `min(${name})`)} AS lows, ${each((name) => `max(${name})`)} AS highs,
          ${each((name) => `sum(${name})`)} AS totals, ${each((name) => `count(${name})`)} AS counts
        FROM readings WHERE ${touched} GROUP BY device, minute
      )
      ARRAY JOIN ${each((name) => `'${name}'`)} AS vital, lows AS low, highs AS high, totals AS total, counts AS times
      WHERE times > 0`,
    })
  if (others > 0)
    await client.command({
      query: `INSERT INTO readings_by_minute
      SELECT device, vital, toStartOfMinute(at) AS minute, any(site), min(value), max(value), sum(value), count()
      FROM readings ARRAY JOIN mapKeys(other_vitals) AS vital, mapValues(other_vitals) AS value
      WHERE ${touched} AND notEmpty(other_vitals) GROUP BY device, vital, minute`,
    })
  await client.insert({
    table: 'rollup_marks',
    format: 'JSONEachRow',
    values: [{ name: 'readings_by_minute', landed_up_to: timeText(newestMs) }],
  })
  return newestMs
}
