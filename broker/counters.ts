import { createLatencyHistogram, type HistogramSnapshot, type LatencyHistogram } from '../contracts/histogram.ts'

/** What the edge counts while it runs. */
export interface Counters {
  connections: number
  signedIn: number
  connects: number
  publishes: number
  publishBytes: number
  acknowledged: number
  throttled: number
  denied: number
  commandsDelivered: number
  readonly refusals: Record<string, number>
  readonly observations: Record<string, number>
  readonly ackLatency: LatencyHistogram
}

/** A snapshot; counts are since the start unless named otherwise. */
export interface EdgeStats {
  /** Open now, signed in or not; and those signed in. */
  readonly connections: number
  readonly signedIn: number
  /** TLS handshakes that are not finished now. */
  readonly handshakes: number
  readonly connects: number
  readonly refusals: Readonly<Record<string, number>>
  /** Session observations by event, merged ones counted singly. */
  readonly observations: Readonly<Record<string, number>>
  readonly observationsDropped: number
  readonly publishes: number
  /** Of payloads. */
  readonly publishBytes: number
  readonly acknowledged: number
  /** Messages and bytes that are not durable now. */
  readonly inFlight: number
  readonly inFlightBytes: number
  readonly throttled: number
  readonly denied: number
  readonly flushes: number
  readonly logErrors: number
  /** Why the log takes nothing now; null when it does. */
  readonly logUnavailable: string | null
  readonly commandsDelivered: number
  /** From the arrival of a message's bytes to the write of its acknowledgement, ms (of the first message of each write). */
  readonly ackLatency: HistogramSnapshot
  readonly residentBytes: number
}

export const createCounters = (): Counters => ({
  connections: 0,
  signedIn: 0,
  connects: 0,
  publishes: 0,
  publishBytes: 0,
  acknowledged: 0,
  throttled: 0,
  denied: 0,
  commandsDelivered: 0,
  refusals: {},
  observations: {},
  ackLatency: createLatencyHistogram(),
})
