import type { Signal } from '../../../../contracts/api/alerts.ts'
import { brief, dayTime } from '../parts/format.ts'

/** A value is not "now" any more when it is older than this and than two of its buckets, ms. */
const nowMsMax = 60_000

/** The newest value that is known, and of when it is unless that is now: a device that fell silent, or a range that was zoomed into, has none of now. */
export const newestText = ({ times, values, bucketMs }: Pick<Signal, 'times' | 'values' | 'bucketMs'>, nowMs: number): string | null => {
  const at = values.findLastIndex((value) => value !== null)
  if (at === -1) return null
  const text = brief(values[at]!)
  return nowMs - times[at]! <= Math.max(nowMsMax, 2 * bucketMs) ? `now ${text}` : `${dayTime(times[at]!, nowMs)}  ${text}`
}
