import { type Baseline, daysForHoursMin, type Learned, minutesMin, minutesOfHourMin } from './band.ts'

const wholeDay = 24

/** Spreads minutes over the hours of the day, each also over its neighbours (24 hours of data are few), and once more over the whole. */
export const joinSlots = `ARRAY JOIN [toHour(minute), (toHour(minute) + 1) % 24, (toHour(minute) + 23) % 24, ${wholeDay}] AS slot`

/** The columns of a `SlotRow`, grouped by slot. */
export const slotsSql = (low: string, high: string): string =>
  `slot, quantileExact(0.01)(${low}), quantileExact(0.99)(${high}), count(), uniqExact(toDate(minute)), toInt64(toUnixTimestamp(min(minute))) * 1000`

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
