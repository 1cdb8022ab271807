import { vitalColumns } from '../landing/reading-batch.ts'
import { baselineMsMax, type Learned } from './band.ts'
import { addTo, bucketFor, emptyPoints, isEmpty, type Points, type Range } from './buckets.ts'
import type { DeskConnection } from './desk-connection.ts'
import { hoursSql, joinSlots, learnedBySlot, type SlotRow, slotsSql } from './learned-by-slot.ts'
import { landedBeforeMax, milliseconds, moment } from './stored-time.ts'
import type { RolledUp } from './rolled-up.ts'
import { minuteBounds, minutesSql } from './minutes-sql.ts'
import { valuesOf } from './vital-values.ts'

/** Vitals of a device over time. Names are a device's own words: they are only ever bound. */
export interface VitalHistory {
  /** By name, those asked for. From the readings where the buckets are finer than a minute, else from the minutes. */
  points(device: string, names: readonly string[], range: Range): Promise<ReadonlyMap<string, Points>>
  /** What is usual before `before`, ms. */
  learned(device: string, names: readonly string[], before: number): Promise<ReadonlyMap<string, Learned>>
  /** Names of all vitals that the device sent in the range; at most `vitalsMax`. */
  names(device: string, range: Range): Promise<readonly string[]>
}

export const vitalsMax = 48
export const createVitalHistory = ({ rows }: Pick<DeskConnection, 'rows'>, rolledUp: RolledUp): VitalHistory => {
  const blank = (names: readonly string[], range: Range, bucketMs: number): Map<string, Points> =>
    new Map(names.map((name) => [name, emptyPoints(range, bucketMs)]))

  const fromReadings = async (device: string, names: readonly string[], range: Range, bucketMs: number): Promise<Map<string, Points>> => {
    const { values, parameters } = valuesOf(names)
    const each = (aggregate: string): string => `[${values.map((value) => `${aggregate}(${value})`).join(', ')}]`
    const found = await rows<[number, number[], (number | null)[], (number | null)[], (number | null)[]]>(
      `SELECT intDiv(${milliseconds('at')}, {bucketMs:Int64}) AS bucket, ${each('count')}, ${each('sum')}, ${each('min')}, ${each('max')}
       FROM readings
       WHERE device = {device:String} AND at >= ${moment('from')} AND at < ${moment('to')} AND landed_at >= ${moment('landedFrom')}
       GROUP BY bucket`,
      { device, bucketMs, ...aligned(range, bucketMs), ...parameters },
    )
    const points = blank(names, range, bucketMs)
    for (const [bucket, counts, sums, lows, highs] of found)
      for (const [i, name] of names.entries()) addTo(points.get(name)!, bucket, counts[i]!, sums[i] ?? 0, lows[i] ?? 0, highs[i] ?? 0)
    return points
  }

  const fromMinutes = async (device: string, names: readonly string[], range: Range, bucketMs: number): Promise<Map<string, Points>> => {
    const { values, parameters } = valuesOf(names)
    const bounds = minuteBounds(aligned(range, bucketMs), await rolledUp())
    const found = await rows<[string, number, number, number, number, number]>(
      `SELECT vital, intDiv(toInt64(toUnixTimestamp(minute)) * 1000, {bucketMs:Int64}) AS bucket, sum(times), sum(total), min(low), max(high)
       FROM (${minutesSql(values, bounds)}) GROUP BY vital, bucket`,
      { device, names, bucketMs, ...bounds, ...parameters },
    )
    const points = blank(names, range, bucketMs)
    for (const [name, bucket, count, sum, low, high] of found) {
      const into = points.get(name)
      if (into !== undefined) addTo(into, bucket, count, sum, low, high)
    }
    return points
  }

  return {
    async points(device, namesGiven, range) {
      const names = namesGiven.slice(0, vitalsMax).map((name) => name.toWellFormed())
      if (names.length === 0) return new Map()
      const bucketMs = bucketFor(range)
      if (bucketMs < 60_000) {
        const points = await fromReadings(device, names, range, bucketMs)
        // Readings are kept for less time than their minutes.
        if (![...points.values()].every(isEmpty)) return points
      }
      return fromMinutes(device, names, range, Math.max(bucketMs, 60_000))
    },

    async learned(device, namesGiven, before) {
      const names = namesGiven.slice(0, vitalsMax).map((name) => name.toWellFormed())
      if (names.length === 0) return new Map()
      const { values, parameters } = valuesOf(names)
      const bounds = minuteBounds({ from: before - baselineMsMax, to: before }, await rolledUp())
      const found = await rows<[string, ...SlotRow]>(
        `SELECT vital, ${slotsSql} FROM (SELECT vital, ${hoursSql('low', 'high')} FROM (${minutesSql(values, bounds)}) GROUP BY vital, hour)
         ${joinSlots} GROUP BY vital, slot`,
        { device, names, ...bounds, ...parameters },
      )
      const bySlot = Map.groupBy(found, ([vital]) => vital)
      return new Map(names.map((name) => [name, learnedBySlot(bySlot.get(name)?.map(([, ...row]) => row) ?? [], before)]))
    },

    async names(device, range) {
      const bounds = minuteBounds(range, await rolledUp())
      const found = await rows<[string]>(
        `SELECT DISTINCT vital FROM (
           SELECT vital FROM readings_by_minute
           WHERE device = {device:String} AND minute >= ${moment('from')} AND minute < ${moment('to')}
           UNION ALL
           SELECT arrayJoin(arrayConcat(arrayFilter((name, times) -> times > 0, {columns:Array(String)}, [${vitalColumns.map((name) => `count(${name})`).join(', ')}]),
             arrayDistinct(groupArrayArray(${vitalsMax})(mapKeys(other_vitals))))) AS vital
           FROM readings
           WHERE device = {device:String} AND at >= ${moment('freshFrom')} AND at < ${moment('to')} AND landed_at >= ${moment('landedFrom')}
         ) ORDER BY vital LIMIT ${vitalsMax}`,
        { device, ...bounds, columns: vitalColumns },
      )
      return found.map(([name]) => name)
    },
  }
}

/** Whole buckets: the first and the last are not cut. */
const aligned = ({ from, to }: Range, bucketMs: number): Range & { readonly landedFrom: number } => {
  const first = Math.floor(from / bucketMs) * bucketMs
  return { from: first, to: Math.ceil(to / bucketMs) * bucketMs, landedFrom: Math.max(0, first - landedBeforeMax) }
}
