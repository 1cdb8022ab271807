import type { DeskConnection } from './desk-connection.ts'
import { timesSql } from './session-history.ts'
import { bound, type Found, windowArrays, windowsSql } from './spark-found.ts'
import { type SparkSource, type SparkWindow, sparkBuckets } from './spark-window.ts'
import { milliseconds } from './stored-time.ts'

/** Refusals, denials and connections, in one question. */
export const sparksFromSessions = async (windows: readonly SparkWindow[], rows: DeskConnection['rows']): Promise<readonly Found[]> => {
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
