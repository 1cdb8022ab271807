import type { Alert } from '../../../contracts/alert.ts'
import type { Signal } from '../../../contracts/api/alerts.ts'
import type { AliveMinutes } from '../alive-minutes.ts'
import type { Range } from '../buckets.ts'
import type { ReceivedHistory } from '../received-history.ts'
import type { SessionHistory } from '../session-history.ts'
import type { SiteHistory } from '../site-history.ts'
import type { VitalHistory } from '../vital-history.ts'

/** What the plots of an alert are made from. */
export interface SignalSources {
  readonly vitals: VitalHistory
  readonly received: ReceivedHistory
  readonly sessions: SessionHistory
  readonly sites: SiteHistory
  readonly alive: AliveMinutes
}

export interface SignalRequest {
  readonly alert: Alert
  readonly range: Range
  readonly anomaly: NonNullable<Signal['anomaly']>
}

/** Makes the plots of one kind of alert: the primary one first. */
export type SignalBuilder = (request: SignalRequest, sources: SignalSources) => Promise<readonly Signal[]>

/** The evidence's number of that name; null without one. */
export const evidenceNumber = (alert: Alert, feature: string, of: 'observed' | 'expected' = 'observed'): number | null => {
  const value = alert.evidence.find((evidence) => evidence.feature === feature)?.[of]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export const evidenceText = (alert: Alert, feature: string): string | null => {
  const value = alert.evidence.find((evidence) => evidence.feature === feature)?.observed
  return typeof value === 'string' ? value : null
}

/** A detector speaks a while after the anomaly began (a level shift is told after 20 s, a saturation after 15 s): what it saw by then is not what is usual. */
const detectionMs = 120_000

/** Where the baseline ends, ms. */
export const usualUntil = ({ from }: SignalRequest['anomaly']): number => from - detectionMs
