import type { Alert } from '../../contracts/alert.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import type { DeskConnection } from './desk-connection.ts'
import type { RolledUp } from './rolled-up.ts'
import { sparksFromMinutes } from './spark-minutes.ts'
import { sparksFromSessions } from './spark-sessions.ts'
import { sparkBuckets, sparkWindow } from './spark-window.ts'

export type Sparks = Readonly<Record<string, { values: (number | null)[]; anomalyFrom: number | null }>>

export const sparkAlertsMax = 60

/** Small plots for a list of alerts, in at most two questions: one of the minutes, one of the sessions. */
export const sparksOf = async (
  alerts: readonly Alert[],
  nowMs: number,
  { rows }: Pick<DeskConnection, 'rows'>,
  rolledUp: RolledUp,
  alive: AliveMinutes,
): Promise<Sparks> => {
  const windows = alerts.slice(0, sparkAlertsMax).map((alert) => sparkWindow(alert, nowMs))
  const [measured, counted] = await Promise.all([sparksFromMinutes(windows, rows, rolledUp), sparksFromSessions(windows, rows)])
  const values = windows.map(() => new Array<number | null>(sparkBuckets).fill(null))
  for (const [window, bucket, value] of [...measured, ...counted]) {
    const into = values[window]
    if (into !== undefined && bucket >= 0 && bucket < sparkBuckets) into[bucket] = Number(value.toPrecision(4))
  }
  return Object.fromEntries(
    windows.map(({ alert, source, from, bucketMs, anomalyFrom }, i) => {
      const isCount = source.kind !== 'vital' && source.kind !== 'none'
      const filled = values[i]!.map((value, bucket) => {
        if (value !== null || !isCount) return value
        const begin = from + bucket * bucketMs
        return begin < nowMs && alive.isAlive({ from: begin, to: begin + bucketMs }) ? 0 : null
      })
      return [alert, { values: filled, anomalyFrom }]
    }),
  )
}
