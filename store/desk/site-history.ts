import { baselineMsMax, type Learned } from './band.ts'
import { addTo, emptyPoints, type Points, type Range } from './buckets.ts'
import type { DeskConnection } from './desk-connection.ts'
import { hoursSql, joinSlots, learnedBySlot, type SlotRow, slotsSql } from './learned-by-slot.ts'
import { moment } from './stored-time.ts'

/** How much of a site is heard, by the minute: it is as fine as that. The minute that runs is not in it yet. */
export interface SiteHistory {
  points(site: string, range: Range, bucketMs: number): Promise<{ readonly devices: Points; readonly readings: Points }>
  usual(site: string, before: number): Promise<Learned>
}

const minutes = `
  SELECT minute, devices AS heard, count AS readings FROM heard_by_minute FINAL
  WHERE site = {site:String} AND minute >= ${moment('from')} AND minute < ${moment('to')}`

export const createSiteHistory = ({ rows }: Pick<DeskConnection, 'rows'>): SiteHistory => ({
  async points(site, range, bucketMs) {
    const from = Math.floor(range.from / bucketMs) * bucketMs
    const to = Math.ceil(range.to / bucketMs) * bucketMs
    const found = await rows<[number, number, number, number, number, number]>(
      `SELECT intDiv(toInt64(toUnixTimestamp(minute)) * 1000, {bucketMs:Int64}) AS bucket, count(), sum(heard), min(heard), max(heard), sum(readings)
       FROM (${minutes}) GROUP BY bucket`,
      { site: site.toWellFormed(), bucketMs, from, to },
    )
    const [devices, readings] = [emptyPoints(range, bucketMs), emptyPoints(range, bucketMs)]
    for (const [bucket, count, sum, low, high, n] of found) {
      addTo(devices, bucket, count, sum, low, high)
      addTo(readings, bucket, n, n, n, n)
    }
    return { devices, readings }
  },

  async usual(site, before) {
    const found = await rows<SlotRow[number][] & SlotRow>(
      `SELECT ${slotsSql} FROM (SELECT ${hoursSql('heard', 'heard')} FROM (${minutes}) GROUP BY hour) ${joinSlots} GROUP BY slot`,
      { site: site.toWellFormed(), from: Math.max(0, before - baselineMsMax), to: before },
    )
    return learnedBySlot(found, before)
  },
})
