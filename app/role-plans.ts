import { readFileSync } from 'node:fs'
import { severities } from '../contracts/finding.ts'
import type { ServerSettings } from '../store/server/settings.ts'
import type { Config } from './config.ts'
import { deriveKey } from './master-key.ts'
import { machineOf, nodeOf, type RoleName, type Shared } from './role-set.ts'
import type {
  BridgeOptions,
  DeskOptions,
  DeskRoleOptions,
  DetectOptions,
  EdgeOptions,
  KafkaLogOptions,
  LogOptions,
  SinkOptions,
  StoreOptions,
} from './roles/options.ts'
import { readPasswordFile, readPrivateKeyFile } from './secret-file.ts'
import { storeRetention } from './store-retention.ts'
import type { RolePlan } from './supervisor.ts'

/** What the roles of a machine need besides the settings: keys, and who they are. */
export interface Secrets {
  /** Null on a machine whose roles seal nothing. */
  readonly master: Buffer | null
  /** The first seals the log, all of them open it: derived from the master key, or a machine's own copy. */
  readonly logKeys: readonly Buffer[]
  /** How Kafka is reached; null on the embedded log. */
  readonly kafka: KafkaLogOptions | null
  /** The CA's key and certificate; null without a desk. */
  readonly authority: { readonly keyPem: string; readonly caPem: string } | null
  /** The edge's own certificate and the CA of the devices; null without an edge. */
  readonly edge: { readonly keyPem: string; readonly certificatePem: string; readonly caPem: string } | null
  /** How the ClickHouse server is reached; null with the embedded engine, or without a sink and a desk. */
  readonly server: ServerSettings | null
  /** Null on loopback, or without a desk. */
  readonly deskTls: DeskOptions['tls']
  /** Of /metrics and the health answers; null: in clear. */
  readonly metricsTls: { readonly keyPem: string; readonly certificatePem: string } | null
}

/** The processes that a machine's roles are: `roles` says which, and where ClickHouse is an engine in the process, sink and desk are one (`hub`). */
export const planRoles = (config: Config, shared: Shared, secrets: Secrets): RolePlan[] => {
  const node = nodeOf(config, shared)
  const named = (name: string): string => (node === '' ? name : `${name}@${node}`)
  const has = (role: RoleName): boolean => config.roles.includes(role)
  const log = (keepsRetention = false): LogOptions => ({
    data: config.data,
    logKeys: secrets.logKeys.map((key) => key.toString('hex')),
    kafka: secrets.kafka,
    retention: keepsRetention ? { hours: config.log.retentionHours, gigabytes: config.log.retentionGigabytes } : null,
  })
  const plans: RolePlan[] = []
  if (has('sink') || has('desk')) plans.push(...planSinkAndDesk(config, shared, secrets, log, named))
  if (has('detect')) {
    const detect: DetectOptions = {
      log: log(),
      stateKey: deriveKey(secrets.master!, 'state').toString('hex'),
      parameters: config.detectors,
    }
    plans.push({ kind: 'detect', name: named('detect'), tier: 1, options: () => detect })
  }
  if (has('edge')) plans.push(...planEdges(config, shared, secrets.edge!, log(), named))
  if (has('bridge')) plans.push(...planBridges(config, log(), named))
  return plans
}

const planSinkAndDesk = (
  config: Config,
  shared: Shared,
  { master, authority, deskTls, server }: Secrets,
  log: (keepsRetention?: boolean) => LogOptions,
  named: (name: string) => string,
): RolePlan[] => {
  const { store, roles } = config
  const retention = { ...storeRetention(store) }
  const storeOptions: StoreOptions =
    server === null
      ? { kind: 'embedded', data: config.data, key: store.encrypted ? deriveKey(master!, 'store').toString('hex') : null, retention }
      : { kind: 'server', server, migrates: store.migrate, retention }
  const sink: SinkOptions = { log: log(true), store: storeOptions }
  const desk = (keepsRetention: boolean): DeskRoleOptions => ({
    log: log(keepsRetention),
    store: storeOptions,
    site: config.site,
    machine: machineOf(config, shared),
    mqttPort: config.mqtt.port,
    authorityKeyPem: authority!.keyPem,
    caPem: authority!.caPem,
    desk: planDesk(config, deskTls),
    paging: {
      timeZone: config.paging.timeZone ?? null,
      stormAlertsMax: config.paging.stormAlerts,
      stormWindowMs: config.paging.stormMinutes * 60_000,
    },
  })
  const deskPlan = (kind: 'hub' | 'desk', options: DeskRoleOptions): RolePlan => ({
    kind,
    name: named(kind),
    tier: 1,
    options: (before) => ({ ...options, desk: { ...options.desk, port: before['deskPort'] ?? options.desk.port } }),
  })
  // One engine, one process: the settings allow neither without the other.
  if (!shared.store) return [deskPlan('hub', desk(true))]
  return [
    ...(roles.includes('sink') ? [{ kind: 'sink' as const, name: named('sink'), tier: 1, options: () => sink }] : []),
    ...(roles.includes('desk') ? [deskPlan('desk', desk(false))] : []),
  ]
}

const planEdges = (
  config: Config,
  shared: Shared,
  { keyPem, certificatePem, caPem }: NonNullable<Secrets['edge']>,
  log: LogOptions,
  named: (name: string) => string,
): RolePlan[] =>
  Array.from({ length: config.mqtt.workers }, (_, worker): RolePlan => {
    const edge: EdgeOptions = {
      log,
      host: config.mqtt.host,
      port: config.mqtt.port,
      reusePort: config.mqtt.workers > 1,
      proxyFrom: config.mqtt.proxyFrom,
      writesClock: worker === 0,
      announces: shared.log || config.mqtt.workers > 1,
      serverKeyPem: keyPem,
      serverCertificatePem: certificatePem,
      caPem,
      limits: config.limits,
    }
    return {
      kind: 'edge',
      name: named(`edge-${worker}`),
      tier: 2,
      options: (before) => ({ ...edge, port: before['port'] ?? edge.port }),
      memoryBytesMax: config.edge.memoryMegabytesMax * 1_048_576,
    }
  })

const hoursMs = 3_600_000

const planDesk = (config: Config, tls: DeskOptions['tls']): DeskOptions => {
  const { host, port, names, publicOrigins, sessionHours, idleHours, linkHours } = config.desk
  const { acknowledgeMinutes, containMinutes } = config.triage
  return {
    host,
    port,
    names,
    publicOrigins,
    tls: tls === null ? null : { keyPem: tls.keyPem, certificatePem: tls.certificatePem },
    sessionMs: sessionHours * hoursMs,
    idleMs: Math.min(idleHours, sessionHours) * hoursMs,
    linkMs: linkHours * hoursMs,
    clocks: Object.fromEntries(
      severities.map((severity) => [
        severity,
        { acknowledgeMinutes: acknowledgeMinutes[severity], containMinutes: containMinutes[severity] },
      ]),
    ) as unknown as DeskOptions['clocks'],
  }
}

const planBridges = (config: Config, log: LogOptions, named: (name: string) => string): RolePlan[] =>
  config.bridges.map((bridge): RolePlan => {
    const text = (file: string | undefined): string | null => (file === undefined ? null : readFileSync(file, 'utf8'))
    const options: BridgeOptions = {
      log,
      url: bridge.url,
      subscription: bridge.subscription,
      topicPattern: bridge.topicPattern,
      model: bridge.model,
      username: bridge.username ?? null,
      password: bridge.passwordFile === undefined ? null : readPasswordFile(`${bridge.name}: passwordFile`, bridge.passwordFile),
      caPem: text(bridge.caFile),
      certificatePem: text(bridge.certificateFile),
      privateKeyPem: readPrivateKeyFile(`${bridge.name}: keyFile`, bridge.keyFile),
    }
    return { kind: 'bridge', name: named(`bridge-${bridge.name}`), tier: 2, options: () => options }
  })
