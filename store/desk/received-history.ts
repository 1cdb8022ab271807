import { baselineMsMax, type Learned, minutesMin } from './band.ts'
import { addTo, emptyPoints, type Points, type Range } from './buckets.ts'
import { countLearned, countLevelsSql } from './count-baseline.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import type { DeskConnection } from './desk-connection.ts'
import { atAheadMax, atBehindMax, landedBeforeMax, milliseconds, moment } from './stored-time.ts'

/** What came from a device by when it arrived at the edge, redelivered readings included: how it behaves, not what it measured. */
export interface ReceivedHistory {
  points(device: string, range: Range, bucketMs: number): Promise<ReceivedPoints>
  /** Usual readings and bytes of a bucket, and the usual lag, before a moment, ms. */
  usual(device: string, before: number, bucketMs: number): Promise<UsualReceived>
}

export interface ReceivedPoints {
  /** `sums` is the number of readings. */
  readonly readings: Points
  readonly bytes: Points
  /** Arrival less the device's own time, s. */
  readonly lagSeconds: Points
  readonly sequence: Points
}

export interface UsualReceived {
  readonly readings: Learned
  readonly bytes: Learned
  readonly lagSeconds: Learned
}

/** Readings are ordered by their own time, which lies near the arrival's. Parameters: device, from, to, atFrom, atTo, landedFrom. */
const arrivals = `
  SELECT received_at, device_time, seq, bytes FROM readings
  WHERE device = {device:String} AND at >= ${moment('atFrom')} AND at < ${moment('atTo')}
    AND received_at >= ${moment('from')} AND received_at < ${moment('to')} AND landed_at >= ${moment('landedFrom')}
  UNION ALL
  SELECT received_at, device_time, seq, bytes FROM redeliveries
  WHERE device = {device:String} AND received_at >= ${moment('from')} AND received_at < ${moment('to')}`

const bounds = ({ from, to }: Range): Record<string, number> => ({
  from,
  to,
  atFrom: Math.max(0, from - atBehindMax),
  atTo: to + atAheadMax,
  landedFrom: Math.max(0, from - landedBeforeMax),
})

const lag = `(${milliseconds('received_at')} - ${milliseconds('device_time')}) / 1000`

export const createReceivedHistory = ({ rows }: Pick<DeskConnection, 'rows'>, alive: AliveMinutes): ReceivedHistory => ({
  async points(device, range, bucketMs) {
    const whole = { from: Math.floor(range.from / bucketMs) * bucketMs, to: Math.ceil(range.to / bucketMs) * bucketMs }
    const found = await rows<
      [number, number, number, number, number | null, number | null, number | null, number, number | null, number | null, number | null]
    >(
      `SELECT intDiv(${milliseconds('received_at')}, {bucketMs:Int64}) AS bucket, count(), sum(bytes),
         count(device_time), sum(${lag}), min(${lag}), max(${lag}), count(seq), sum(toFloat64(seq)), min(seq), max(seq)
       FROM (${arrivals}) GROUP BY bucket`,
      { device, bucketMs, ...bounds(whole) },
    )
    const blank = (): Points => emptyPoints(range, bucketMs)
    const [readings, bytes, lagSeconds, sequence] = [blank(), blank(), blank(), blank()]
    for (const [bucket, count, size, timed, lags, lagLow, lagHigh, numbered, numbers, numberLow, numberHigh] of found) {
      addTo(readings, bucket, count, count, count, count)
      addTo(bytes, bucket, count, size, size, size)
      addTo(lagSeconds, bucket, timed, lags ?? 0, lagLow ?? 0, lagHigh ?? 0)
      addTo(sequence, bucket, numbered, numbers ?? 0, numberLow ?? 0, numberHigh ?? 0)
    }
    return { readings, bytes, lagSeconds, sequence }
  },

  async usual(device, before, bucketMs) {
    const range = { from: Math.max(0, Math.floor((before - baselineMsMax) / bucketMs) * bucketMs), to: before }
    const [found] = await rows<[number, number, number, number[], number[], number | null, number | null, number]>(
      `SELECT count(), min(bucket), max(bucket), quantilesExact(${countLevelsSql})(n), quantilesExact(${countLevelsSql})(size),
         quantileExactIf(0.01)(lag, timed > 0), quantileExactIf(0.99)(lag, timed > 0), countIf(timed > 0)
       FROM (
         SELECT intDiv(${milliseconds('received_at')}, {bucketMs:Int64}) AS bucket, count() AS n, sum(bytes) AS size, count(device_time) AS timed,
           ifNull(avg(${lag}), 0) AS lag
         FROM (${arrivals}) GROUP BY bucket
       )`,
      { device, bucketMs, ...bounds(range) },
    )
    const [held, first, last, readings, bytes, lagLow, lagHigh, lagBuckets] = found!
    const counting = {
      bucketMs,
      from: null,
      before,
      bucketsAlive: (from: number, to: number) => alive.bucketsAlive({ from, to }, bucketMs),
    }
    const lagMinutes = Math.floor((lagBuckets * bucketMs) / 60_000)
    return {
      readings: countLearned([held, first, last, readings], counting),
      bytes: countLearned([held, first, last, bytes], counting),
      lagSeconds: {
        minutes: lagMinutes,
        baseline:
          lagMinutes < minutesMin || lagLow === null || lagHigh === null
            ? null
            : { overall: [lagLow, lagHigh], byHour: null, from: first * bucketMs, to: before },
      },
    }
  },
})
