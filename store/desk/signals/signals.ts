import type { Alert } from '../../../contracts/alert.ts'
import type { Signal } from '../../../contracts/api/alerts.ts'
import type { Range } from '../buckets.ts'
import { builderOf } from './by-detector.ts'
import { evidenceNumber, type SignalSources } from './signal-request.ts'

/** What is shown before the anomaly, so that the usual can be seen, ms. */
const beforeMs = 3_600_000
/** And after its last finding, at least, ms. */
const afterMs = 900_000
/** An alert whose last finding is no older than this goes on, ms. */
const ongoingMs = 300_000
export const signalRangeMsMax = 31 * 86_400_000
const rangeMsMin = 60_000
const silenceMsMax = 7 * 86_400_000

/** From the first finding (of a silence: from the last word) to the last; `to` null while it goes on. */
export const anomalyOf = (alert: Alert, nowMs: number): { from: number; to: number | null } => {
  const quietMs = alert.detector === 'silence' ? evidenceNumber(alert, 'not heard for') : null
  const from = quietMs === null ? alert.firstSeen : Math.min(alert.firstSeen, alert.lastSeen - Math.min(Math.max(0, quietMs), silenceMsMax))
  return { from, to: alert.state !== 'closed' && nowMs - alert.lastSeen <= ongoingMs ? null : alert.lastSeen }
}

/** What was asked, or an hour before the anomaly to a while after it; never beyond now. */
export const rangeOf = (
  anomaly: { from: number; to: number | null },
  alert: Alert,
  asked: { from: number | null; to: number | null },
  nowMs: number,
): Range => {
  const usualTo = alert.lastSeen + Math.max(afterMs, (alert.lastSeen - anomaly.from) / 10)
  const to = Math.max(rangeMsMin, Math.min(asked.to ?? usualTo, nowMs))
  const from = Math.min(asked.from ?? anomaly.from - beforeMs, to - rangeMsMin)
  return { from: Math.max(0, from, to - signalRangeMsMax), to }
}

export const signalsOf = async (
  alert: Alert,
  asked: { readonly from: number | null; readonly to: number | null },
  nowMs: number,
  sources: SignalSources,
): Promise<readonly Signal[]> => {
  const anomaly = anomalyOf(alert, nowMs)
  return builderOf(alert.detector)({ alert, anomaly, range: rangeOf(anomaly, alert, asked, nowMs) }, sources)
}
