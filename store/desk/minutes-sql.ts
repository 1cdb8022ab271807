import { landedBeforeMax, moment } from './stored-time.ts'

/**
 * Minutes of vitals in a range, in the shape (vital, minute, min, max, sum, count): of the roll-up up to `cut`, and from there on computed
 * from the readings. FINAL, because the roll-up may have computed a minute more than once (it costs a seventh of an argMax over them).
 * Parameters: device, names, from, to, cut (whole minutes, ms), freshFrom, landedFrom. @param values expressions of the vitals, in the order of `names`
 */
export const minutesSql = (values: readonly string[], { from, to, cut }: MinuteBounds): string => {
  const list = (aggregate: string): string => `[${values.map((value) => `${aggregate}(${value})`).join(', ')}]`
  const branches = [
    ...(from < cut
      ? [
          `SELECT vital, minute, min AS low, max AS high, sum AS total, count AS times FROM readings_by_minute FINAL
           WHERE device = {device:String} AND vital IN {names:Array(String)}
             AND minute >= ${moment('from')} AND minute < ${moment('to')} AND minute < ${moment('cut')}`,
        ]
      : []),
    // An empty range as well: there has to be a statement.
    ...(cut < to || from >= cut
      ? [
          `SELECT vital, minute, assumeNotNull(l) AS low, assumeNotNull(h) AS high, assumeNotNull(t) AS total, times FROM (
             SELECT toStartOfMinute(at) AS minute, ${list('min')} AS lows, ${list('max')} AS highs, ${list('sum')} AS totals, ${list('count')} AS timeses
             FROM readings
             WHERE device = {device:String} AND at >= ${moment('freshFrom')} AND at < ${moment('to')} AND landed_at >= ${moment('landedFrom')}
             GROUP BY minute
           ) ARRAY JOIN {names:Array(String)} AS vital, lows AS l, highs AS h, totals AS t, timeses AS times WHERE times > 0`,
        ]
      : []),
  ]
  return branches.join(' UNION ALL ')
}

export interface MinuteBounds {
  readonly from: number
  readonly to: number
  readonly cut: number
}

/** The parameters that go with `minutesSql`. `from` becomes a whole minute. */
export const minuteBounds = (range: { readonly from: number; readonly to: number }, cut: number) => {
  const from = Math.max(0, Math.floor(range.from / 60_000) * 60_000)
  const freshFrom = Math.max(from, cut)
  return { from, to: range.to, cut, freshFrom, landedFrom: Math.max(0, freshFrom - landedBeforeMax) }
}
