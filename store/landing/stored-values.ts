/** 2090-01-01: with any retention added, a time up to here fits the 32 bits of ClickHouse's DateTime. */
const storedTimeMsMax = 3_786_912_000_000

/** A clock's claim as a time that a table can hold: a broken clock must not make a row that cannot be landed. Ms. */
export const storedTimeMs = (ms: number): number => (ms > 0 ? Math.min(Math.floor(ms), storedTimeMsMax) : 0)

/** A device's own time, or null when no table could hold it as it is. */
export const storedDeviceTimeMs = (ms: number | null): number | null =>
  ms !== null && ms >= 0 && ms <= storedTimeMsMax ? Math.floor(ms) : null

const believableBehindMs = 7 * 86_400_000
const believableAheadMs = 60_000

/** The time of a reading for plots and order: the device's own where it is believable, else the edge's. Ms. */
export const readingTimeMs = (deviceTime: number | null, receivedAt: number): number =>
  storedTimeMs(
    deviceTime !== null && deviceTime >= receivedAt - believableBehindMs && deviceTime <= receivedAt + believableAheadMs
      ? deviceTime
      : receivedAt,
  )

/** A DateTime64(3, 'UTC') as text. (Not as a number of seconds: the engine takes short ones for dates.) */
export const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace('T', ' ')

/** Lone surrogates are no Unicode text; the engine's JSON parser refuses them. */
export const storedText = (text: string): string => text.toWellFormed()

export const storedTextOrNull = (text: string | null): string | null => (text === null ? null : text.toWellFormed())

/** JSON of a map of numbers, as the engine's `JSONExtract` takes it: a whole number beyond 64 bits it would drop without a word, unless written with an exponent. */
export const numberMapText = (values: Readonly<Record<string, number>>): string => {
  const members = Object.entries(values).map(([name, value]) => {
    const text = Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : JSON.stringify(value)
    return `${JSON.stringify(name.toWellFormed())}:${text}`
  })
  return `{${members.join(',')}}`
}
