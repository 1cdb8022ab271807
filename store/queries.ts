import type { Alert, AlertState, Verdict } from '../contracts/alert.ts'
import type { Severity } from '../contracts/finding.ts'
import { landedTables } from './landing/landing-batch.ts'
import { vitalColumns } from './landing/reading-batch.ts'
import type { Store } from './open.ts'
import { readRows } from './read-rows.ts'

export interface StoredReading {
  readonly device: string
  readonly at: number
  readonly receivedAt: number
  readonly deviceTime: number | null
  readonly seq: number | null
  readonly firmware: string
  readonly vitals: Readonly<Record<string, number>>
}

export interface SeriesPoint {
  /** The minute's begin, ms. */
  readonly minute: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly count: number
}

export interface StoredFinding {
  readonly id: string
  readonly detector: string
  readonly device: string
  readonly severity: Severity
  readonly score: number
  readonly why: string
  readonly at: number
}

/** An alert as far as the view `alerts` tells it. */
export type StoredAlert = Pick<
  Alert,
  | 'id'
  | 'detector'
  | 'title'
  | 'device'
  | 'site'
  | 'severity'
  | 'score'
  | 'count'
  | 'firstSeen'
  | 'lastSeen'
  | 'state'
  | 'owner'
  | 'verdict'
  | 'why'
  | 'sequence'
>

export interface TableSize {
  readonly table: string
  readonly rows: number
  readonly bytesOnDisk: number
  readonly parts: number
}

export interface StoreQueries {
  /** Rows by table. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** Newest first. */
  latestReadings(device: string, limit: number): Promise<readonly StoredReading[]>
  /** A vital of a device by the minute, oldest first; up to the second, though the roll-up runs once a minute. */
  series(device: string, vital: string, fromMs: number, toMs: number): Promise<readonly SeriesPoint[]>
  /** Newest first. */
  findings(filter: { readonly device?: string; readonly detector?: string; readonly limit: number }): Promise<readonly StoredFinding[]>
  /** Worst first, then newest. */
  alerts(limit: number): Promise<readonly StoredAlert[]>
  /** The next offset to land, by `topic/partition`. */
  positions(): Promise<Readonly<Record<string, number>>>
  tableSizes(): Promise<readonly TableSize[]>
  /** Bytes that the engine has allocated, and its limit's tracker. */
  memory(): Promise<{ readonly trackedBytes: number }>
}

const limitMax = 10_000
const numbers = 'SETTINGS output_format_json_quote_64bit_integers = 0'
const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`
const capped = (limit: number): number => Math.max(1, Math.min(Math.floor(limit), limitMax))

export const createQueries = (store: Store): StoreQueries => {
  const rows = async <Row extends readonly unknown[]>(sql: string, parameters: Record<string, unknown> = {}): Promise<Row[]> =>
    readRows<Row>(store.query, `${sql} ${numbers}`, parameters)

  return {
    async counts() {
      const parts = landedTables.map((table) => `SELECT '${table}', count() FROM ${table}`)
      return Object.fromEntries(await rows<[string, number]>(`SELECT * FROM (${parts.join(' UNION ALL ')})`))
    },
    async latestReadings(device, limit) {
      const found = await rows<[string, number, number, number | null, number | null, string, (number | null)[], Record<string, number>]>(
        `SELECT device, ${ms('at')}, ${ms('received_at')}, ${ms('device_time')}, seq, firmware, [${vitalColumns.join(', ')}], other_vitals
         FROM readings WHERE device = {device:String} ORDER BY at DESC, log_offset DESC LIMIT ${capped(limit)}`,
        { device },
      )
      return found.map(([device, at, receivedAt, deviceTime, seq, firmware, values, others]) => {
        const vitals: Record<string, number> = { ...others }
        for (const [i, name] of vitalColumns.entries()) if (values[i] !== null && values[i] !== undefined) vitals[name] = values[i]
        return { device, at, receivedAt, deviceTime, seq, firmware, vitals }
      })
    },
    async series(device, vital, fromMs, toMs) {
      const known = (vitalColumns as readonly string[]).includes(vital)
      const value = known ? vital : '(mapContains(other_vitals, {vital:String}) ? other_vitals[{vital:String}] : NULL)'
      // What landed since the roll-up is added from the readings. A minute may come from both: the one with more readings is the fuller.
      const found = await rows<[number, number, number, number, number]>(
        `SELECT toUnixTimestamp(minute) * 1000, (argMax((min, max, sum), count) AS newest).1, newest.2, newest.3, max(count)
         FROM (
           SELECT minute, min, max, sum, count FROM readings_by_minute
           WHERE device = {device:String} AND vital = {vital:String} AND minute >= toDateTime({from:Int64}, 'UTC') AND minute < toDateTime({to:Int64}, 'UTC')
           UNION ALL
           SELECT toStartOfMinute(at) AS minute, assumeNotNull(min(v)), assumeNotNull(max(v)), assumeNotNull(sum(v)), count(v)
           FROM (SELECT at, ${value} AS v FROM readings WHERE device = {device:String} AND at >= toDateTime64({from:Int64}, 3, 'UTC') AND at < toDateTime64({to:Int64}, 3, 'UTC')
                 AND landed_at > (SELECT max(landed_up_to) FROM rollup_marks WHERE name = 'readings_by_minute') - toIntervalMinute(2))
           WHERE v IS NOT NULL GROUP BY minute
         )
         GROUP BY minute ORDER BY minute`,
        { device, vital, from: Math.floor(fromMs / 60_000) * 60, to: Math.ceil(toMs / 60_000) * 60 },
      )
      return found.map(([minute, min, max, sum, count]) => ({ minute, min, max, mean: sum / count, count }))
    },
    async findings({ device, detector, limit }) {
      const where = [
        ...(device === undefined ? [] : ['device = {device:String}']),
        ...(detector === undefined ? [] : ['detector = {detector:String}']),
      ]
      const found = await rows<[string, string, string, Severity, number, string, number]>(
        `SELECT id, detector, device, severity, score, why, ${ms('at')} FROM findings ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
         ORDER BY findings.at DESC, id LIMIT ${capped(limit)}`,
        { ...(device === undefined ? {} : { device }), ...(detector === undefined ? {} : { detector }) },
      )
      return found.map(([id, detector, device, severity, score, why, at]) => ({ id, detector, device, severity, score, why, at }))
    },
    async alerts(limit) {
      const found = await rows<
        [
          string,
          string,
          string,
          string,
          string | null,
          Severity,
          number,
          number,
          number,
          number,
          AlertState,
          string | null,
          Verdict | null,
          string,
          number,
        ]
      >(
        `SELECT id, detector, title, device, site, severity, score, count, ${ms('first_seen')}, ${ms('last_seen')}, state, owner, verdict, why, sequence
         FROM alerts ORDER BY alerts.severity DESC, sequence DESC LIMIT ${capped(limit)}`,
      )
      return found.map(([id, detector, title, device, site, severity, score, count, firstSeen, lastSeen, state, owner, verdict, why, sequence]) => ({
        id, detector, title, device, site, severity, score, count, firstSeen, lastSeen, state, owner, verdict, why, sequence,
      })) // prettier-ignore
    },
    async positions() {
      const found = await rows<[string, number]>(
        `SELECT concat(log_topic, '/', toString(log_partition)), max(next_offset) FROM landing_positions GROUP BY log_topic, log_partition`,
      )
      return Object.fromEntries(found)
    },
    async tableSizes() {
      const found = await rows<[string, number, number, number]>(
        `SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = {database:String} GROUP BY table ORDER BY table`,
        { database: store.database },
      )
      return found.map(([table, rows, bytesOnDisk, parts]) => ({ table, rows, bytesOnDisk, parts }))
    },
    async memory() {
      const [found] = await rows<[number]>(`SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'`)
      return { trackedBytes: found?.[0] ?? 0 }
    },
  }
}
