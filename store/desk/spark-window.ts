import type { Alert } from '../../contracts/alert.ts'
import { anomalyOf } from './signals/signals.ts'
import { sessionsOf } from './signals/sessions.ts'
import { vitalOf } from './signals/vital-features.ts'

export const sparkBuckets = 32
/** A spark shows at least this and at most a day, ms. */
const spanMsMin = sparkBuckets * 120_000
const spanMsMax = 86_400_000
/** After the last finding, ms. */
const afterMs = 240_000

/** Where a spark's numbers come from. `what`: the vital, or the session events separated by commas. */
export interface SparkSource {
  readonly kind: 'vital' | 'readings' | 'site' | 'device-sessions' | 'address-sessions' | 'none'
  readonly who: string
  readonly what: string
}

export interface SparkWindow {
  readonly alert: string
  readonly source: SparkSource
  /** The first bucket's begin, ms; whole minutes. */
  readonly from: number
  readonly bucketMs: number
  /** The first bucket of the anomaly; null when none of it is in sight. */
  readonly anomalyFrom: number | null
}

const sessionEvents: Readonly<Record<string, readonly string[]>> = {
  'credential-brute-force': ['refused'],
  'identity-spraying': ['refused'],
  'rogue-device': ['refused'],
  'topic-abuse': ['aclDenied'],
  'cloned-identity': ['connect', 'takeover'],
}

export const sparkSource = (alert: Alert): SparkSource => {
  const who = alert.device.toWellFormed()
  const events = sessionEvents[alert.detector] ?? (who.startsWith('address:') ? ['refused'] : null)
  if (events !== null) {
    const { by, value } = sessionsOf({ device: who }, events)
    return { kind: by === 'address' ? 'address-sessions' : 'device-sessions', who: value, what: events.join(',') }
  }
  if (who.startsWith('site:')) return { kind: 'site', who: who.slice('site:'.length), what: '' }
  if (who.startsWith('channel:')) return { kind: 'none', who, what: '' }
  const vital = vitalOf(alert)
  return vital === null ? { kind: 'readings', who, what: '' } : { kind: 'vital', who, what: vital.name }
}

/** An hour that ends with the anomaly, or more when that is longer: half of the spark is from before it. */
export const sparkWindow = (alert: Alert, nowMs: number): SparkWindow => {
  const { from: anomaly } = anomalyOf(alert, nowMs)
  const end = Math.min(nowMs, alert.lastSeen + afterMs)
  const span = Math.max(spanMsMin, Math.min((end - anomaly) * 2, spanMsMax))
  const bucketMs = Math.ceil(span / sparkBuckets / 60_000) * 60_000
  const from = Math.max(0, Math.ceil(end / 60_000) * 60_000 - sparkBuckets * bucketMs)
  const bucket = Math.max(0, Math.floor((anomaly - from) / bucketMs))
  return { alert: alert.id, source: sparkSource(alert), from, bucketMs, anomalyFrom: bucket < sparkBuckets ? bucket : null }
}
