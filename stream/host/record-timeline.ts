import type { RecordTime } from './record-time.ts'

/**
 * The records of one stretch of a partition in time: the offset of each, its own time, and the partition's time once it had been read. It is
 * known before any of them is decoded, so that the records of one key can be taken together and still see the time of their own place.
 */
export interface RecordTimeline {
  readonly length: number
  /** Starts over; `watermarkMs` is the partition's before the first record. */
  begin(watermarkMs: number): void
  add(offset: number, atMs: number, time: RecordTime): void
  offset(index: number): number
  /** The record's own time, ms. */
  atMs(index: number): number
  watermarkMs(index: number): number
  outageEndedAtMs(index: number): number
  /** The first record after `after` (-1: of all) that moved the watermark, and to `dueMs` or past it: where a timer fires. `length` when none does. */
  firstDue(dueMs: number, after: number): number
  /** The last record at or below an offset; -1 when none is. */
  lastUpTo(offset: number): number
}

/** Numbers a record: offset, its time, watermark, end of the last outage; side by side, for they are read together. */
const width = 4

export const createRecordTimeline = (startRecords = 1_024): RecordTimeline => {
  let numbers = new Float64Array(startRecords * width)
  let length = 0
  let before = 0
  const watermarkMs = (index: number): number => (index < 0 ? before : numbers[index * width + 2]!)
  return {
    get length() {
      return length
    },
    begin(watermark) {
      length = 0
      before = watermark
    },
    add(offset, atMs, time) {
      const at = length++ * width
      if (at === numbers.length) {
        const larger = new Float64Array(numbers.length * 2)
        larger.set(numbers)
        numbers = larger
      }
      numbers[at] = offset
      numbers[at + 1] = atMs
      numbers[at + 2] = time.watermarkMs
      numbers[at + 3] = time.outageEndedAtMs
    },
    offset: (index) => numbers[index * width]!,
    atMs: (index) => numbers[index * width + 1]!,
    watermarkMs,
    outageEndedAtMs: (index) => numbers[index * width + 3]!,
    firstDue(dueMs, after) {
      const passedMs = watermarkMs(after)
      let low = after + 1
      let high = length
      while (low < high) {
        const middle = (low + high) >>> 1
        const at = numbers[middle * width + 2]!
        if (at >= dueMs && at > passedMs) high = middle
        else low = middle + 1
      }
      return low
    },
    lastUpTo(offset) {
      let low = 0
      let high = length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (numbers[middle * width]! <= offset) low = middle + 1
        else high = middle
      }
      return low - 1
    },
  }
}
