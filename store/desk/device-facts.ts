import type { DeviceDetail } from '../../contracts/api/devices.ts'
import { vitalNamed } from '../../contracts/vitals.ts'
import { vitalColumns } from '../landing/reading-batch.ts'
import type { DeskConnection } from './desk-connection.ts'
import { landedBeforeMax, milliseconds, moment } from './stored-time.ts'
import { vitalsMax } from './vital-history.ts'

export type DeviceFacts = Pick<DeviceDetail, 'latest' | 'batteryPercent' | 'readingsLastHour'> & { readonly firmware: string | null }

const hourMs = 3_600_000
/** A vital that was not measured for so long is not among the newest, ms. */
const latestMsMax = 7 * 86_400_000

interface Newest {
  readonly vital: string
  readonly value: number
  readonly at: number
}

/**
 * What a device last said of itself. Of the last hour the very readings; a vital that came less often, or has no column of its own and was not in the
 * last reading, is taken from its newest minute, as that minute's mean. A device of which nothing was ever received has no reading last hour either: null, not zero.
 */
export const deviceFacts = async (device: string, nowMs: number, { rows }: Pick<DeskConnection, 'rows'>): Promise<DeviceFacts> => {
  const times = { device, now: nowMs + 60_000, hour: nowMs - hourMs, landedFrom: nowMs - hourMs - landedBeforeMax }
  const within = `device = {device:String} AND at >= ${moment('hour')} AND at <= ${moment('now')} AND landed_at >= ${moment('landedFrom')}`
  const lastHour = rows<[number, (readonly number[])[], string, number | null]>(
    `SELECT count(),
       [${vitalColumns.map((name) => `if(count(${name}) = 0, [], [assumeNotNull(argMax(${name}, at)), toFloat64(${milliseconds(`maxIf(at, ${name} IS NOT NULL)`)})])`).join(', ')}],
       argMaxIf(firmware, at, firmware != ''), argMaxIf(battery_percent, at, battery_percent IS NOT NULL)
     FROM readings WHERE ${within}`,
    times,
  )
  const newestMinutes = rows<[string, number, number]>(
    `SELECT vital, argMax(sum / count, (minute, count)), toInt64(toUnixTimestamp(max(minute))) * 1000 FROM readings_by_minute
     WHERE device = {device:String} AND minute >= ${moment('week')} AND minute <= ${moment('now')}
     GROUP BY vital ORDER BY max(minute) DESC LIMIT ${vitalsMax}`,
    { device, now: nowMs + 60_000, week: nowMs - latestMsMax },
  )
  const newestReading = rows<[string, number | null, number, Record<string, number>]>(
    `SELECT firmware, battery_percent, ${milliseconds('at')}, other_vitals FROM readings WHERE device = {device:String} ORDER BY readings.at DESC LIMIT 1`,
    { device },
  )
  const [[hour], minutes, [last]] = await Promise.all([lastHour, newestMinutes, newestReading])
  const newest = new Map<string, Newest>()
  for (const [vital, value, at] of minutes) newest.set(vital, { vital, value, at })
  for (const [vital, value] of Object.entries(last?.[3] ?? {})) newest.set(vital, { vital, value, at: last![2] })
  for (const [i, found] of (hour?.[1] ?? []).entries())
    if (found.length === 2) newest.set(vitalColumns[i]!, { vital: vitalColumns[i]!, value: found[0]!, at: found[1]! })
  return {
    latest: [...newest.values()].map(({ vital, value, at }) => {
      const row = vitalNamed(vital)
      return { vital, title: row?.title ?? vital, unit: row?.unit ?? '', value, at, loinc: row?.loinc ?? null }
    }),
    batteryPercent: hour?.[3] ?? last?.[1] ?? null,
    firmware: emptyAsNull(hour?.[2]) ?? emptyAsNull(last?.[0]),
    readingsLastHour: last === undefined ? null : (hour?.[0] ?? 0),
  }
}

const emptyAsNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)
