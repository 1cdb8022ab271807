import type { ServerSettings } from '../../store/server/settings.ts'
import type { KafkaSettings } from '../../stream/kafka/kafka-settings.ts'
import type { TopicPlanOptions } from '../../stream/kafka/topic-plan.ts'
import type { ClockSettings } from '../../triage/clocks/settings.ts'

/** What each role is told at its start: only the keys it needs (least privilege), as hex. */
export interface LogOptions {
  readonly data: string
  /** The first seals, all of them open. */
  readonly logKeys: readonly string[]
  /** Null: the embedded log of `data`. */
  readonly kafka: KafkaLogOptions | null
  /** One process drops what retention no longer keeps. */
  readonly retention: { readonly hours: number; readonly gigabytes: number } | null
}

/** The log on Kafka. */
export interface KafkaLogOptions {
  readonly settings: KafkaSettings
  readonly plan: TopicPlanOptions
  /** Whether missing topics are created. */
  readonly createTopics: boolean
  readonly sessionMs: number
  readonly lingerMs: number
  readonly giveUpMs: number
}

export interface EdgeOptions {
  readonly log: LogOptions
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  /** Load balancers that tell the source; empty: nothing stands before TLS. */
  readonly proxyFrom: readonly string[]
  readonly writesClock: boolean
  /** There are other edges on this log. */
  readonly announces: boolean
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

/** ClickHouse: its engine in a directory of its own below `data`, or a server. */
export type StoreOptions = {
  /** Days by kind of row: the store's settings. */
  readonly retention: Readonly<Record<string, number>>
} & (
  | { readonly kind: 'embedded'; readonly data: string; /** Hex; null: its disk is not encrypted. */ readonly key: string | null }
  | { readonly kind: 'server'; readonly server: ServerSettings; readonly migrates: boolean }
)

export interface SinkOptions {
  readonly log: LogOptions
  readonly store: StoreOptions
}

export interface DeskRoleOptions {
  readonly log: LogOptions
  readonly store: StoreOptions
  readonly site: string
  /** This machine's name among those of its log; null where it is all there is. */
  readonly machine: string | null
  /** Where devices connect, for hints; 0 when it is chosen at the start. */
  readonly mqttPort: number
  readonly authorityKeyPem: string
  readonly caPem: string
  readonly desk: DeskOptions
  readonly paging: PagingRoleOptions
}

/** The pager's settings. */
export interface PagingRoleOptions {
  /** Null: the system's. */
  readonly timeZone: string | null
  readonly stormAlertsMax: number
  readonly stormWindowMs: number
}

/** The console and its API. */
export interface DeskOptions {
  readonly host: string
  readonly port: number
  readonly names: readonly string[]
  /** `https://...` of a proxy in front. */
  readonly publicOrigins: readonly string[]
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
