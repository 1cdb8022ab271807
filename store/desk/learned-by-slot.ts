import { type Baseline, daysForHoursMin, type Learned, minutesMin, minutesOfHourMin } from './band.ts'

const wholeDay = 24

/** The columns of an hour of the day, to be grouped by it (and by what else is asked for). */
export const hoursSql = (low: string, high: string): string =>
  `toHour(minute) AS hour, quantileExactState(0.01)(${low}) AS lows, quantileExactState(0.99)(${high}) AS highs, uniqExactState(minute) AS minutes,
   uniqExactState(toDate(minute)) AS days, min(minute) AS first`

/** Each hour counts for itself and for the whole day. */
export const joinSlots = `ARRAY JOIN [hour, ${wholeDay}] AS slot`

/** The columns of a `SlotRow`, of the hours' columns and grouped by slot. */
export const slotsSql = `slot, quantileExactMerge(0.01)(lows), quantileExactMerge(0.99)(highs), uniqExactMerge(minutes), uniqExactMerge(days),
   toInt64(toUnixTimestamp(min(first))) * 1000`

export type SlotRow = readonly [slot: number, low: number, high: number, minutes: number, days: number, firstMs: number]

/** What was learned from minutes before a moment, ms. */
export const learnedBySlot = (rows: readonly SlotRow[], before: number): Learned => {
  const slots = new Map(rows.map((row) => [row[0], row]))
  const whole = slots.get(wholeDay)
  if (whole === undefined) return { minutes: 0, baseline: null }
  const [, low, high, minutes, days, from] = whole
  if (minutes < minutesMin) return { minutes, baseline: null }
  const overall = [low, high] as const
  const hourBand = (hour: number): readonly [number, number] => {
    const slot = slots.get(hour)
    return slot === undefined || slot[3] < minutesOfHourMin ? overall : [slot[1], slot[2]]
  }
  const byHour: Baseline['byHour'] = days < daysForHoursMin ? null : Array.from({ length: 24 }, (_, hour) => hourBand(hour))
  return { minutes, baseline: { overall, byHour, from, to: before } }
}
