import type { ServerSettings } from '../../store/server/settings.ts'
import type { ClockSettings } from '../../triage/clocks/settings.ts'

/** What each role is told at its start: only the keys it needs (least privilege), as hex. */
export interface LogOptions {
  readonly data: string
  readonly logKey: string
  /** One process drops what retention no longer keeps. */
  readonly retention: { readonly hours: number; readonly gigabytes: number } | null
}

export interface EdgeOptions {
  readonly log: LogOptions
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  readonly writesClock: boolean
  readonly serverKeyPem: string
  readonly serverCertificatePem: string
  readonly caPem: string
  readonly limits: Readonly<Record<string, number>>
}

export interface DetectOptions {
  readonly log: LogOptions
  readonly stateKey: string
  readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** ClickHouse: its engine in the hub's process, or a server. */
export type StoreOptions =
  | { readonly kind: 'embedded'; readonly storeKey: string | null }
  | { readonly kind: 'server'; readonly server: ServerSettings; readonly migrates: boolean }

export interface HubOptions {
  readonly log: LogOptions
  readonly store: StoreOptions
  /** Days by kind of row: the store's settings. */
  readonly retention: Readonly<Record<string, number>>
  readonly site: string
  /** Where devices connect, for hints; 0 when it is chosen at the start. */
  readonly mqttPort: number
  readonly authorityKeyPem: string
  readonly caPem: string
  readonly desk: DeskOptions
}

/** The console and its API. */
export interface DeskOptions {
  readonly host: string
  readonly port: number
  readonly names: readonly string[]
  /** PEM; null on loopback. */
  readonly tls: { readonly keyPem: string; readonly certificatePem: string } | null
  readonly sessionMs: number
  readonly idleMs: number
  readonly linkMs: number
  readonly clocks: ClockSettings
}

export interface BridgeOptions {
  readonly log: LogOptions
  readonly url: string
  readonly subscription: string
  readonly topicPattern: string
  readonly model: string
  readonly username: string | null
  readonly password: string | null
  readonly caPem: string | null
  readonly certificatePem: string | null
  readonly privateKeyPem: string | null
}
