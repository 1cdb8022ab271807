import { z } from 'zod'

/**
 * Two counters told apart in one stream: follows up to two ascending sequences and counts how often the stream goes back and forth
 * between them. One counter, with losses, repeats or a restart, never goes back. A two-state case of change detection by sequence
 * numbers as in Guo, Chiueh: Sequence Number-Based MAC Address Spoof Detection, RAID 2005 (LNCS 3858).
 */
export const streamPairState = z.tuple([
  /** last number of the stream heard last */ z.number(),
  /** its device time, ms */ z.number(),
  /** last number of the other; -1 when there is none */ z.number(),
  /** its device time, ms */ z.number(),
  /** times it went back to the other */ z.number(),
  /** when it first did, ms */ z.number(),
])
export type StreamPair = z.infer<typeof streamPairState>

export const streamPair = (): StreamPair => [-1, 0, -1, 0, 0, 0]

/** How far a number may be ahead of the last one and still continue it: some may have been lost. */
const stepMax = 16
/** How far behind a number is a repeat and no stream of its own. */
const repeatMax = 128

/**
 * Follows one number. Answers true when the stream has just gone back to the other counter, both being current: a backlog sent between
 * live readings alternates too, but its times are old (`apartMsMax`).
 */
export const followPair = (
  pair: StreamPair,
  number: number,
  timeMs: number,
  atMs: number,
  apartMsMax: number,
  windowMs: number,
): boolean => {
  const [current, , other, otherTime] = pair
  const ahead = number - current
  if (current < 0 || (ahead > 0 && ahead <= stepMax)) {
    pair[0] = number
    pair[1] = timeMs
    return false
  }
  if (ahead <= 0 && ahead > -repeatMax && !(other >= 0 && number - other > 0 && number - other <= stepMax)) return false
  const goesBack = other >= 0 && number - other > 0 && number - other <= stepMax
  const together = goesBack && Math.abs(timeMs - pair[1]) <= apartMsMax && Math.abs(timeMs - otherTime) <= apartMsMax
  pair[2] = current
  pair[3] = pair[1]
  pair[0] = number
  pair[1] = timeMs
  if (!goesBack) {
    // A third stream: the older one is forgotten, and with it what was counted between them.
    pair[4] = 0
    return false
  }
  if (!together) return false
  if (pair[4] === 0 || atMs - pair[5] > windowMs) {
    pair[4] = 0
    pair[5] = atMs
  }
  pair[4]++
  return true
}
