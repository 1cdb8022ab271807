import type { DeskConnection, QueryParameters } from './desk-connection.ts'
import type { RolledUp } from './rolled-up.ts'
import { bound, type Found, hourMs, windowArrays, windowsSql } from './spark-found.ts'
import { type SparkWindow, sparkBuckets } from './spark-window.ts'
import { landedBeforeMax, moment } from './stored-time.ts'
import { valuesOf } from './vital-values.ts'

const spreadMs = 72 * hourMs

const vitalHoursHint = `AND indexHint((device, vital, toStartOfHour(minute)) IN (
  SELECT tupleElement(t, 1), tupleElement(t, 2), toDateTime(tupleElement(t, 3), 'UTC')
  FROM (SELECT arrayJoin(arrayZip({hourDevices:Array(String)}, {hourVitals:Array(String)}, {vitalHours:Array(UInt32)})) AS t)))`
const readingHoursHint = `AND indexHint((device, toStartOfHour(minute)) IN (
  SELECT tupleElement(t, 1), toDateTime(tupleElement(t, 2), 'UTC')
  FROM (SELECT arrayJoin(arrayZip({hourReadingDevices:Array(String)}, {readingHours:Array(UInt32)})) AS t)))`

/** Vitals, readings and sites, in one question. */
export const sparksFromMinutes = async (
  windows: readonly SparkWindow[],
  rows: DeskConnection['rows'],
  rolledUp: RolledUp,
): Promise<readonly Found[]> => {
  const vital = bound(windows, ({ kind }) => kind === 'vital')
  const readings = bound(windows, ({ kind }) => kind === 'readings')
  const site = bound(windows, ({ kind }) => kind === 'site')
  const all = [...vital.meant, ...readings.meant, ...site.meant]
  if (all.length === 0) return []
  const names = [...new Set(vital.meant.map(({ source }) => source.what))]
  const { values, parameters } = valuesOf(names)
  const cut = await rolledUp()
  const from = Math.min(...all.map((window) => window.from))
  const to = Math.max(...all.map((window) => window.from + window.bucketMs * sparkBuckets))
  const isRolledUp = from < cut
  /** Devices of which the newest minutes are wanted. */
  const fresh = (meant: readonly SparkWindow[]): string[] => [
    ...new Set(meant.filter((window) => window.from + window.bucketMs * sparkBuckets > cut).map(({ source }) => source.who)),
  ]
  const [freshVitals, freshReadings] = [fresh(vital.meant), fresh(readings.meant)]
  const minutesWithin = `minute >= ${moment('from')} AND minute < ${moment('to')} AND minute < ${moment('cut')}`
  const freshWithin = `at >= ${moment('freshFrom')} AND at < ${moment('to')} AND landed_at >= ${moment('landedFrom')}`
  const list = (aggregate: string): string => `[${values.map((value) => `${aggregate}(${value})`).join(', ')}]`
  const branches: string[] = []
  // Windows far apart: the sets of their hours are for the index alone, since row by row they would cost more than what they leave out. A minute
  // that was computed twice does no harm here, so there is no FINAL.
  const isSpread = to - from > spreadMs
  if (vital.meant.length > 0 && isRolledUp)
    branches.push(
      `SELECT 'vital' AS kind, device AS who, vital AS what, minute, sum AS total, count AS times FROM readings_by_minute
       WHERE ${minutesWithin} AND device IN {vitalDevices:Array(String)} AND vital IN {names:Array(String)} AND ${withinWindows('vital')}
         ${isSpread ? vitalHoursHint : ''}`,
    )
  if (freshVitals.length > 0)
    branches.push(
      `SELECT 'vital' AS kind, device AS who, what, minute, assumeNotNull(total) AS total, times FROM (
         SELECT device, toStartOfMinute(at) AS minute, ${list('sum')} AS totals, ${list('count')} AS counts
         FROM readings WHERE device IN {freshVitals:Array(String)} AND ${freshWithin} GROUP BY device, minute
       ) ARRAY JOIN {names:Array(String)} AS what, totals AS total, counts AS times WHERE times > 0`,
    )
  if (readings.meant.length > 0 && isRolledUp)
    branches.push(
      `SELECT 'readings' AS kind, device AS who, '' AS what, minute, toFloat64(max(count)) AS total, toUInt64(1) AS times FROM readings_by_minute
       WHERE ${minutesWithin} AND device IN {readingDevices:Array(String)} AND ${withinWindows('reading')}
         ${isSpread ? readingHoursHint : ''}
       GROUP BY device, minute`,
    )
  if (freshReadings.length > 0)
    branches.push(
      `SELECT 'readings' AS kind, device AS who, '' AS what, toStartOfMinute(at) AS minute, toFloat64(count()) AS total, toUInt64(1) AS times
       FROM readings WHERE device IN {freshReadings:Array(String)} AND ${freshWithin} GROUP BY device, minute`,
    )
  if (site.meant.length > 0)
    branches.push(
      `SELECT 'site' AS kind, site AS who, '' AS what, minute, toFloat64(devices) AS total, toUInt64(1) AS times FROM heard_by_minute FINAL
       WHERE minute >= ${moment('from')} AND minute < ${moment('to')} AND site IN {sites:Array(String)}`,
    )
  const freshFrom = Math.max(from, cut)
  return rows<Found[number][] & [number, number, number]>(
    `SELECT w.i, intDiv(toInt64(toUnixTimestamp(m.minute)) - w.begin, w.step) AS bucket, if(any(m.kind) = 'vital', sum(m.total) / sum(m.times), if(any(m.kind) = 'site', avg(m.total), sum(m.total)))
     FROM (${branches.join('\nUNION ALL\n')}) AS m INNER JOIN (${windowsSql}) AS w ON m.kind = w.kind AND m.who = w.who AND m.what = w.what
     WHERE toInt64(toUnixTimestamp(m.minute)) >= w.begin AND toInt64(toUnixTimestamp(m.minute)) < w.begin + w.step * ${sparkBuckets}
     GROUP BY w.i, bucket`,
    {
      ...windowArrays(all),
      ...stretches('vital', vital.meant),
      hourDevices: vital.hours.map(({ source }) => source.who),
      hourVitals: vital.hours.map(({ source }) => source.what),
      vitalHours: vital.hours.map(({ hour }) => hour),
      ...stretches('reading', readings.meant),
      hourReadingDevices: readings.hours.map(({ source }) => source.who),
      readingHours: readings.hours.map(({ hour }) => hour),
      sites: site.meant.map(({ source }) => source.who),
      names,
      from,
      to,
      cut,
      freshFrom,
      freshVitals,
      freshReadings,
      landedFrom: Math.max(0, freshFrom - landedBeforeMax),
      ...parameters,
    },
  )
}

/** Each device's own stretch: looked up once for each entry of the column's dictionary, so it costs next to nothing a row. Parameters: `stretches`. */
const withinWindows = (of: 'vital' | 'reading'): string =>
  `toUInt32(minute) >= transform(device, {${of}Devices:Array(String)}, {${of}Begins:Array(UInt32)}, toUInt32(0))
   AND toUInt32(minute) < transform(device, {${of}Devices:Array(String)}, {${of}Ends:Array(UInt32)}, toUInt32(0))`

/** The devices, and from when to when (s) any window of theirs reaches. */
const stretches = (of: 'vital' | 'reading', windows: readonly SparkWindow[]): QueryParameters => {
  const byDevice = Map.groupBy(windows, ({ source }) => source.who)
  const each = [...byDevice.values()]
  return {
    [`${of}Devices`]: [...byDevice.keys()],
    [`${of}Begins`]: each.map((some) => Math.min(...some.map(({ from }) => from)) / 1_000),
    [`${of}Ends`]: each.map((some) => Math.max(...some.map(({ from, bucketMs }) => from + bucketMs * sparkBuckets)) / 1_000),
  }
}
