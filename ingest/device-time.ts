import type { DecodeLimits } from './decode-limits.ts'

/**
 * RFC 3339 as the engines need not agree on it: `Date.parse` accepts more, and differently, in V8 and JavaScriptCore.
 * A time without a zone is refused: it would mean another instant on another machine.
 */
const instantPattern = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))$/

const parseInstant = (text: string): number | null => {
  if (text.length > 40) return null
  const parts = instantPattern.exec(text)
  if (parts === null) return null
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const midnight = Date.UTC(year, month - 1, day)
  const date = new Date(midnight)
  // Years 0-99 mean 1900-1999 to Date.UTC, and 30 February rolls over: both show here.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  // Second 60 is a leap second; it becomes the first of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return null
  const milliseconds = parts[7] === undefined ? 0 : Number(parts[7].slice(0, 3).padEnd(3, '0'))
  const zoneHours = Number(parts[9] ?? 0)
  const zoneMinutes = Number(parts[10] ?? 0)
  if (zoneHours > 23 || zoneMinutes > 59) return null
  const zone = (parts[8] === '-' ? -1 : 1) * (zoneHours * 60 + zoneMinutes)
  return midnight + ((hour * 60 + minute - zone) * 60 + second) * 1_000 + milliseconds
}

/**
 * A device's `ts`: ms since the epoch, or an RFC 3339 string; whole ms. `null` when it sends none, `undefined` when what it sent is not
 * a time between 1970 and `timestampMsMax`. Not yet clamped: see `clampToFuture`.
 */
export const readDeviceTime = (ts: unknown, limits: DecodeLimits): number | null | undefined => {
  if (ts === undefined || ts === null) return null
  const ms = typeof ts === 'string' ? parseInstant(ts) : ts
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= limits.timestampMsMax)) return undefined
  return Math.floor(ms)
}

/**
 * Future device clocks are clamped, so that one bad clock moves no window beyond `futureMsMax`. What a device claimed beyond it
 * is in the original bytes; nobody tells two far-future claims of one device apart by `deviceTime`, but by `seq` and `payloadHash`.
 */
export const clampToFuture = (deviceTime: number | null, receivedAt: number, limits: DecodeLimits): number | null =>
  deviceTime !== null && deviceTime > receivedAt + limits.futureMsMax ? receivedAt + limits.futureMsMax : deviceTime
