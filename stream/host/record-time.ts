/** A partition's time, in record time only: part of its checkpoint. */
export interface RecordTime {
  /** The largest receivedAt seen, ms; 0 before the first record. */
  watermarkMs: number
  /** The largest time a clock record told, ms; 0 when none was seen: then no outage is known of and nothing is clamped. */
  lastClockMs: number
  /** When the edge was last heard again after an outage, ms; 0 when never. */
  outageEndedAtMs: number
}

export const startOfTime = (): RecordTime => ({ watermarkMs: 0, lastClockMs: 0, outageEndedAtMs: 0 })

/**
 * Moves a partition's time to a record's. True when the watermark moved.
 *
 * A record more than `outageGapMs` after the last clock record says that the edge was away (it writes one each second), be it the
 * first clock record or a message that came before it. Of the two only the clock record is believed about how late it is: a
 * message moves the watermark at most `outageGapMs` past the last clock, so that one wrong time cannot close every window, and
 * the rest follows within a second. The outage is known before the timers that fell due in it fire.
 */
export const advanceTime = (time: RecordTime, atMs: number, isClock: boolean, outageGapMs: number): boolean => {
  let toMs = atMs
  if (time.lastClockMs > 0 && atMs - time.lastClockMs > outageGapMs) {
    if (!isClock) toMs = time.lastClockMs + outageGapMs
    time.outageEndedAtMs = toMs
  }
  if (isClock && atMs > time.lastClockMs) time.lastClockMs = atMs
  if (toMs <= time.watermarkMs) return false
  time.watermarkMs = toMs
  return true
}
