import type { ProfileId } from './profiles/profile.ts'

/** One simulated device: who it is and how it behaves. Plain data. */
export interface DeviceSpec {
  /** Identity: MQTT client id, certificate's common name, topic level. */
  readonly device: string
  readonly site: string
  readonly ward: string
  readonly model: string
  readonly firmware: string
  readonly profile: ProfileId
  readonly protocol: 'wardwatch-json' | 'senml-json'
  /** How it signs in: mutual TLS, or a legacy device's user name (its id) and password. */
  readonly credential: 'certificate' | 'password'
  readonly intervalMs: number
  readonly batteryHours: number | null
  /** The fleet's seed: with `device` it decides everything random about this one. */
  readonly seed: number
  /** It was offline before it started and brings a backlog this long, ms; 0 for none. */
  readonly historyMs: number
  /** Interval of the backlog's readings (a device offline keeps trends, not every second), ms. */
  readonly historyIntervalMs: number
}
