import type { Alert } from '../../contracts/alert.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import type { DeskConnection, QueryParameters } from './desk-connection.ts'
import { landedBeforeMax, milliseconds, moment } from './stored-time.ts'
import { type SparkSource, type SparkWindow, sparkBuckets, sparkWindow } from './spark-window.ts'
import { timesSql } from './session-history.ts'
import type { RolledUp } from './rolled-up.ts'
import { valuesOf } from './vital-values.ts'

export type Sparks = Readonly<Record<string, { values: (number | null)[]; anomalyFrom: number | null }>>

export const sparkAlertsMax = 60

/** What a query found for a window's bucket. */
type Found = readonly [window: number, bucket: number, value: number]

/** Small plots for a list of alerts, in at most two questions: one of the minutes, one of the sessions. */
export const sparksOf = async (
  alerts: readonly Alert[],
  nowMs: number,
  { rows }: Pick<DeskConnection, 'rows'>,
  rolledUp: RolledUp,
  alive: AliveMinutes,
): Promise<Sparks> => {
  const windows = alerts.slice(0, sparkAlertsMax).map((alert) => sparkWindow(alert, nowMs))
  const [measured, counted] = await Promise.all([fromMinutes(windows, rows, rolledUp), fromSessions(windows, rows)])
  const values = windows.map(() => new Array<number | null>(sparkBuckets).fill(null))
  for (const [window, bucket, value] of [...measured, ...counted]) {
    const into = values[window]
    if (into !== undefined && bucket >= 0 && bucket < sparkBuckets) into[bucket] = Number(value.toPrecision(4))
  }
  return Object.fromEntries(
    windows.map(({ alert, source, from, bucketMs, anomalyFrom }, i) => {
      const isCount = source.kind !== 'vital' && source.kind !== 'none'
      const filled = values[i]!.map((value, bucket) => {
        if (value !== null || !isCount) return value
        const begin = from + bucket * bucketMs
        return begin < nowMs && alive.isAlive({ from: begin, to: begin + bucketMs }) ? 0 : null
      })
      return [alert, { values: filled, anomalyFrom }]
    }),
  )
}

type Rows = DeskConnection['rows']

/** The windows of some kinds as parallel arrays, and the whole hours that they touch: by those the tables' order is used. */
const bound = (windows: readonly SparkWindow[], isMeant: (source: SparkSource) => boolean) => {
  const meant = windows.map((window, i) => ({ ...window, i })).filter(({ source }) => isMeant(source))
  const hours = meant.flatMap(({ source, from, bucketMs }) => {
    const [first, last] = [Math.floor(from / hourMs), Math.floor((from + sparkBuckets * bucketMs - 1) / hourMs)]
    return Array.from({ length: last - first + 1 }, (_, n) => ({ source, hour: (first + n) * 3_600 }))
  })
  return { meant, hours }
}
const hourMs = 3_600_000
const spreadMs = 12 * hourMs

const vitalHoursHint = `AND indexHint((device, vital, toStartOfHour(minute)) IN (
  SELECT tupleElement(t, 1), tupleElement(t, 2), toDateTime(tupleElement(t, 3), 'UTC')
  FROM (SELECT arrayJoin(arrayZip({hourDevices:Array(String)}, {hourVitals:Array(String)}, {vitalHours:Array(UInt32)})) AS t)))`
const readingHoursHint = `AND indexHint((device, toStartOfHour(minute)) IN (
  SELECT tupleElement(t, 1), toDateTime(tupleElement(t, 2), 'UTC')
  FROM (SELECT arrayJoin(arrayZip({hourReadingDevices:Array(String)}, {readingHours:Array(UInt32)})) AS t)))`

const fromMinutes = async (windows: readonly SparkWindow[], rows: Rows, rolledUp: RolledUp): Promise<readonly Found[]> => {
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
  const isFresh = cut < to
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
       WHERE ${minutesWithin} AND device IN {vitalDevices:Array(String)} AND vital IN {names:Array(String)}
         ${isSpread ? vitalHoursHint : ''}`,
    )
  if (vital.meant.length > 0 && isFresh)
    branches.push(
      `SELECT 'vital' AS kind, device AS who, what, minute, assumeNotNull(total) AS total, times FROM (
         SELECT device, toStartOfMinute(at) AS minute, ${list('sum')} AS totals, ${list('count')} AS counts
         FROM readings WHERE device IN {vitalDevices:Array(String)} AND ${freshWithin} GROUP BY device, minute
       ) ARRAY JOIN {names:Array(String)} AS what, totals AS total, counts AS times WHERE times > 0`,
    )
  if (readings.meant.length > 0 && isRolledUp)
    branches.push(
      `SELECT 'readings' AS kind, device AS who, '' AS what, minute, toFloat64(max(count)) AS total, toUInt64(1) AS times FROM readings_by_minute
       WHERE ${minutesWithin} AND device IN {readingDevices:Array(String)}
         ${isSpread ? readingHoursHint : ''}
       GROUP BY device, minute`,
    )
  if (readings.meant.length > 0 && isFresh)
    branches.push(
      `SELECT 'readings' AS kind, device AS who, '' AS what, toStartOfMinute(at) AS minute, toFloat64(count()) AS total, toUInt64(1) AS times
       FROM readings WHERE device IN {readingDevices:Array(String)} AND ${freshWithin} GROUP BY device, minute`,
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
      vitalDevices: [...new Set(vital.meant.map(({ source }) => source.who))],
      hourDevices: vital.hours.map(({ source }) => source.who),
      hourVitals: vital.hours.map(({ source }) => source.what),
      vitalHours: vital.hours.map(({ hour }) => hour),
      readingDevices: [...new Set(readings.meant.map(({ source }) => source.who))],
      hourReadingDevices: readings.hours.map(({ source }) => source.who),
      readingHours: readings.hours.map(({ hour }) => hour),
      sites: site.meant.map(({ source }) => source.who),
      names,
      from,
      to,
      cut,
      freshFrom,
      landedFrom: Math.max(0, freshFrom - landedBeforeMax),
      ...parameters,
    },
  )
}

const windowsSql = `
  SELECT i, kind, who, what, begin, step FROM (
    SELECT {windowIndexes:Array(UInt32)} AS ids, {windowKinds:Array(String)} AS kinds, {windowWho:Array(String)} AS whos, {windowWhat:Array(String)} AS whats,
      {windowBegins:Array(Int64)} AS begins, {windowSteps:Array(Int64)} AS steps
  ) ARRAY JOIN ids AS i, kinds AS kind, whos AS who, whats AS what, begins AS begin, steps AS step`

const windowArrays = (windows: readonly (SparkWindow & { readonly i: number })[]): QueryParameters => ({
  windowIndexes: windows.map(({ i }) => i),
  windowKinds: windows.map(({ source }) => source.kind),
  windowWho: windows.map(({ source }) => source.who),
  windowWhat: windows.map(({ source }) => source.what),
  windowBegins: windows.map(({ from }) => from / 1_000),
  windowSteps: windows.map(({ bucketMs }) => bucketMs / 1_000),
})

const fromSessions = async (windows: readonly SparkWindow[], rows: Rows): Promise<readonly Found[]> => {
  const { meant, hours } = bound(windows, ({ kind }) => kind === 'device-sessions' || kind === 'address-sessions')
  if (meant.length === 0) return []
  const whoOf = (kind: SparkSource['kind']): string[] => [
    ...new Set(meant.filter(({ source }) => source.kind === kind).map(({ source }) => source.who)),
  ]
  return rows(
    `SELECT w.i, intDiv(intDiv(${milliseconds('s.received_at')}, 1000) - w.begin, w.step) AS bucket, sum(s.times)
     FROM (
       SELECT received_at, event, 'device-sessions' AS kind, ifNull(device, '') AS who, ${timesSql} AS times FROM sessions
       WHERE toStartOfHour(received_at) IN {hours:Array(UInt32)}::Array(DateTime('UTC')) AND device IN {devices:Array(String)} AND event IN {events:Array(String)}
       UNION ALL
       SELECT received_at, event, 'address-sessions' AS kind, address AS who, ${timesSql} AS times FROM sessions
       WHERE toStartOfHour(received_at) IN {hours:Array(UInt32)}::Array(DateTime('UTC')) AND address IN {addresses:Array(String)} AND event IN {events:Array(String)}
     ) AS s INNER JOIN (${windowsSql}) AS w ON s.kind = w.kind AND s.who = w.who
     WHERE has(splitByChar(',', w.what), s.event)
       AND intDiv(${milliseconds('s.received_at')}, 1000) >= w.begin AND intDiv(${milliseconds('s.received_at')}, 1000) < w.begin + w.step * ${sparkBuckets}
     GROUP BY w.i, bucket`,
    {
      ...windowArrays(meant),
      hours: [...new Set(hours.map(({ hour }) => hour))],
      devices: whoOf('device-sessions'),
      addresses: whoOf('address-sessions'),
      events: [...new Set(meant.flatMap(({ source }) => source.what.split(',')))],
    },
  )
}
