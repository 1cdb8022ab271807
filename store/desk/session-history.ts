import type { AliveMinutes } from './alive-minutes.ts'
import { baselineMsMax, type Learned } from './band.ts'
import { addTo, emptyPoints, type Points, type Range } from './buckets.ts'
import { countLearned, countLevelsSql } from './count-baseline.ts'
import type { DeskConnection } from './desk-connection.ts'
import { milliseconds, moment } from './stored-time.ts'

/** Whose session events, and which. */
export interface SessionFilter {
  readonly by: 'device' | 'address'
  readonly value: string
  readonly events: readonly string[]
}

export interface SessionPoints {
  /** Events; what the broker told as one under a flood counts as many as it said. */
  readonly events: Points
  /** Different identities that were claimed, and addresses that they came from. */
  readonly identities: Points
  readonly addresses: Points
}

export interface UsualSessions {
  readonly events: Learned
  readonly identities: Learned
  readonly addresses: Learned
}

/** Session events over time. */
export interface SessionHistory {
  points(filter: SessionFilter, range: Range, bucketMs: number): Promise<SessionPoints>
  usual(filter: SessionFilter, before: number, bucketMs: number): Promise<UsualSessions>
}

/** A throttle's and an oversize's amount is a rate and a size, not a number of events; refusals and denials are told in bulk. */
export const timesSql = `if(event IN ('refused', 'aclDenied'), greatest(1, floor(ifNull(amount, 1))), 1)`

const byBucket = ({ by }: SessionFilter): string => `
  SELECT intDiv(${milliseconds('received_at')}, {bucketMs:Int64}) AS bucket, sum(${timesSql}) AS n,
    uniqExact(coalesce(device, user_name, client_id, '')) AS identities, uniqExact(address) AS addresses
  FROM sessions
  WHERE ${by} = {value:String} AND event IN {events:Array(String)} AND received_at >= ${moment('from')} AND received_at < ${moment('to')}
  GROUP BY bucket`

export const createSessionHistory = ({ rows }: Pick<DeskConnection, 'rows'>, alive: AliveMinutes): SessionHistory => ({
  async points(filter, range, bucketMs) {
    const { value, events } = filter
    const from = Math.floor(range.from / bucketMs) * bucketMs
    const to = Math.ceil(range.to / bucketMs) * bucketMs
    const found = await rows<[number, number, number, number]>(byBucket(filter), {
      value: value.toWellFormed(),
      events,
      bucketMs,
      from,
      to,
    })
    const points = {
      events: emptyPoints(range, bucketMs),
      identities: emptyPoints(range, bucketMs),
      addresses: emptyPoints(range, bucketMs),
    }
    for (const [bucket, n, identities, addresses] of found) {
      addTo(points.events, bucket, n, n, n, n)
      addTo(points.identities, bucket, identities, identities, identities, identities)
      addTo(points.addresses, bucket, addresses, addresses, addresses, addresses)
    }
    return points
  },

  async usual(filter, before, bucketMs) {
    const { value, events } = filter
    const from = Math.max(0, Math.floor((before - baselineMsMax) / bucketMs) * bucketMs)
    const [found] = await rows<[number, number, number, number[], number[], number[]]>(
      `SELECT count(), min(bucket), max(bucket), quantilesExact(${countLevelsSql})(n), quantilesExact(${countLevelsSql})(identities),
         quantilesExact(${countLevelsSql})(addresses) FROM (${byBucket(filter)})`,
      { value: value.toWellFormed(), events, bucketMs, from, to: before },
    )
    const [held, first, last, ...quantiles] = found!
    // Nobody knocked is as good a fact as that somebody did: the counting begins with the pipeline's own life.
    const begin = alive.firstIn({ from, to: before })
    const counting = {
      bucketMs,
      from: begin,
      before,
      bucketsAlive: (a: number, b: number) => alive.bucketsAlive({ from: a, to: b }, bucketMs),
    }
    const [n, identities, addresses] = quantiles.map((levels) => countLearned([held, first, last, levels], counting))
    return { events: n!, identities: identities!, addresses: addresses! }
  },
})
