import type { Alert } from '../../contracts/alert.ts'
import type { AliveMinutes } from './alive-minutes.ts'
import type { DeskConnection } from './desk-connection.ts'
import type { RolledUp } from './rolled-up.ts'
import { sparksFromMinutes } from './spark-minutes.ts'
import { sparksFromSessions } from './spark-sessions.ts'
import { sparkBuckets, type SparkWindow, sparkWindow } from './spark-window.ts'

export interface Spark {
  readonly values: (number | null)[]
  readonly anomalyFrom: number | null
}

export const sparkAlertsMax = 60
/** Sparks that are remembered: about 400 bytes each. */
const rememberedMax = 10_000
/** A spark that still moves is the same for whoever looks within this, ms. */
const movingMs = 10_000
/** Behind the roll-up by this much a minute gains nothing any more, device backlogs aside, ms. */
const settledMs = 600_000

/**
 * Small plots for a list of alerts, in at most two questions: one of the minutes, one of the sessions. Each console asks for the same rows again
 * and again, so they are remembered: those in the past for good, those that move for some seconds.
 */
export const createSparks = ({ rows }: Pick<DeskConnection, 'rows'>, rolledUp: RolledUp, alive: AliveMinutes) => {
  /** In the order of the last use. `until`: ms. */
  const remembered = new Map<string, { readonly spark: Spark; readonly until: number }>()

  const remember = (name: string, spark: Spark, until: number): void => {
    remembered.set(name, { spark, until })
    if (remembered.size > rememberedMax) remembered.delete(remembered.keys().next().value!)
  }

  const known = (name: string, nowMs: number): Spark | null => {
    const found = remembered.get(name)
    if (found === undefined) return null
    remembered.delete(name)
    if (found.until < nowMs) return null
    remembered.set(name, found)
    return found.spark
  }

  const ask = async (windows: readonly SparkWindow[], nowMs: number): Promise<readonly Spark[]> => {
    const [measured, counted] = await Promise.all([sparksFromMinutes(windows, rows, rolledUp), sparksFromSessions(windows, rows)])
    const values = windows.map(() => new Array<number | null>(sparkBuckets).fill(null))
    for (const [window, bucket, value] of [...measured, ...counted]) {
      const into = values[window]
      if (into !== undefined && bucket >= 0 && bucket < sparkBuckets) into[bucket] = Number(value.toPrecision(4))
    }
    return windows.map(({ source, from, bucketMs, anomalyFrom }, i) => {
      const isCount = source.kind !== 'vital' && source.kind !== 'none'
      const filled = values[i]!.map((value, bucket) => {
        if (value !== null || !isCount) return value
        const begin = from + bucket * bucketMs
        return begin < nowMs && alive.isAlive({ from: begin, to: begin + bucketMs }) ? 0 : null
      })
      return { values: filled, anomalyFrom }
    })
  }

  return async (alerts: readonly Alert[], nowMs: number): Promise<Readonly<Record<string, Spark>>> => {
    const wanted = alerts.slice(0, sparkAlertsMax).map((alert) => {
      const name = `${alert.id} ${alert.firstSeen} ${alert.lastSeen}`
      return { alert, name, spark: known(name, nowMs) }
    })
    const missing = wanted.filter(({ spark }) => spark === null)
    const windows = missing.map(({ alert }) => sparkWindow(alert, nowMs))
    const found = missing.length === 0 ? [] : await ask(windows, nowMs)
    const settledAt = missing.length === 0 ? 0 : (await rolledUp()) - settledMs
    const sparks = new Map(wanted.map(({ alert, spark }) => [alert.id, spark]))
    for (const [i, { alert, name }] of missing.entries()) {
      const spark = found[i]!
      sparks.set(alert.id, spark)
      remember(name, spark, windows[i]!.from + windows[i]!.bucketMs * sparkBuckets < settledAt ? Infinity : nowMs + movingMs)
    }
    return Object.fromEntries([...sparks].map(([id, spark]) => [id, spark!]))
  }
}
