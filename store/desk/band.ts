/** What is usual before an anomaly, by hour of the day (UTC) or the same all day. */
export interface Baseline {
  /** Ends of p1-p99; hours without data of their own have the whole's. */
  readonly overall: readonly [low: number, high: number]
  /** 24 entries, or null: too few days to tell one hour from another. */
  readonly byHour: readonly (readonly [low: number, high: number])[] | null
  /** Where the data begins and the anomaly, ms. */
  readonly from: number
  readonly to: number
}

/** The baseline as far as there is one: minutes of data in it, and the band when they suffice. */
export interface Learned {
  readonly minutes: number
  readonly baseline: Baseline | null
}

export const baselineDaysMax = 14
export const baselineMsMax = baselineDaysMax * 86_400_000
export const minutesMin = 10
/** From so many days on the band follows the hour of the day. */
export const daysForHoursMin = 3
/** Minutes that an hour of the day needs for a band of its own. */
export const minutesOfHourMin = 30

/** How long the baseline is, in words. */
const lengthOf = ({ from, to }: Baseline): string => {
  const minutes = Math.round((to - from) / 60_000)
  if (minutes < 120) return `${minutes} min`
  if (minutes < 2 * 1_440) return `${Math.round(minutes / 60)} h`
  return `${Math.min(baselineDaysMax, Math.round(minutes / 1_440))}-day`
}

export interface Band {
  readonly low: number[]
  readonly high: number[]
  readonly of: string
}

const hourMs = 3_600_000

/** Between the middles of two hours the ends go over into each other. */
const endAt = (byHour: NonNullable<Baseline['byHour']>, at: number, end: 0 | 1): number => {
  const hours = at / hourMs - 0.5
  const before = Math.floor(hours)
  const share = hours - before
  return byHour[((before % 24) + 24) % 24]![end] * (1 - share) + byHour[(((before + 1) % 24) + 24) % 24]![end] * share
}

/** The band over a plot's times, and what to say when there is none. */
export const bandOver = (
  times: readonly number[],
  bucketMs: number,
  { minutes, baseline }: Learned,
): { readonly band: Band | null; readonly learning: string | null } => {
  if (baseline === null) return { band: null, learning: `Learning, ${Math.min(minutes, minutesMin)} of ${minutesMin} min` }
  const { byHour, overall } = baseline
  const ends = (end: 0 | 1): number[] =>
    byHour === null ? times.map(() => overall[end]) : times.map((time) => endAt(byHour, time + bucketMs / 2, end))
  const of = `${lengthOf(baseline)} baseline, p1\u2013p99${byHour === null ? '' : ' by hour'}`
  return { band: { low: ends(0), high: ends(1), of }, learning: null }
}
