import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { systemClock } from '../contracts/clock.ts'
import { severities } from '../contracts/finding.ts'
import type { Logger } from '../contracts/logger.ts'
import { claimDirectory } from '../stream/directory-lock.ts'
import { createSealer } from '../stream/seal.ts'
import type { Config } from './config.ts'
import { deskNames, isLoopback } from './desk/loopback.ts'
import { startHealthServer } from './health-server.ts'
import { type Identity, loadIdentity } from './identity.ts'
import { readServerSettings } from './read-server-settings.ts'
import { makeDirectory } from './make-directory.ts'
import { deriveKey, loadMasterKey } from './master-key.ts'
import type { BridgeOptions, DeskOptions, DetectOptions, EdgeOptions, HubOptions, LogOptions, StoreOptions } from './roles/options.ts'
import type { Stats } from './roles/channel.ts'
import { storeRetention } from './store-retention.ts'
import { createSupervisor, type RolePlan, type RoleStatus } from './supervisor.ts'

export interface Platform {
  /** Where devices connect. */
  readonly mqttPort: number
  readonly healthPort: number
  /** Where the console is, e.g. `http://127.0.0.1:8480`. */
  readonly deskUrl: string
  readonly caPem: string
  status(): readonly RoleStatus[]
  stop(): Promise<void>
}

export type PlatformStart = { readonly ok: true; readonly platform: Platform } | { readonly ok: false; readonly problem: string }

export interface PlatformOptions {
  readonly config: Config
  readonly masterKeyFromEnvironment: string | undefined
  readonly logger: Logger
  readonly logFile: string | null
  readonly onProgress: (step: string) => void
}

/** The composition root of a machine: claims the data directory, opens the keys, starts the roles in order; what fails rolls back what was started. */
export const startPlatform = async (options: PlatformOptions): Promise<PlatformStart> => {
  const { config, logger, logFile, onProgress } = options
  const clock = systemClock
  const unusable = makeDirectory(config.data)
  if (unusable !== null) return { ok: false, problem: `data: ${unusable}` }
  const claim = await claimDirectory(config.data)
  if ('refused' in claim) return { ok: false, problem: claim.refused }
  const refuse = async (problem: string): Promise<PlatformStart> => {
    claim.release()
    return { ok: false, problem }
  }

  const master = loadMasterKey({ data: config.data, keyFile: config.keyFile, fromEnvironment: options.masterKeyFromEnvironment })
  if (!master.ok) return refuse(master.problem)
  const { desk } = config
  const ownTls = readDeskTls(config)
  if (typeof ownTls === 'string') return refuse(ownTls)
  let identity: Identity
  try {
    identity = await loadIdentity({
      data: config.data,
      sealer: createSealer(deriveKey(master.key, 'authority'), 'identity'),
      site: config.site,
      names: config.mqtt.names,
      deskNames: ownTls === null && !isLoopback(desk.host) ? deskNames(desk.host, desk.names) : null,
      clock,
    })
  } catch (error) {
    return refuse(
      `${join(config.data, 'identity.sealed')} can't be opened with the key from ${master.from}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  onProgress('keys and certificates are there')

  const store = planStore(config, master.key)
  if (typeof store === 'string') return refuse(store)
  let bridgePlans: RolePlan[]
  try {
    bridgePlans = planBridges(config, deriveKey(master.key, 'log'))
  } catch (error) {
    return refuse(`bridges: ${error instanceof Error ? error.message : String(error)}`)
  }
  const supervisor = createSupervisor({
    config,
    plans: [...planRoles(config, master.key, identity, ownTls ?? (isLoopback(desk.host) ? null : identity.desk), store), ...bridgePlans],
    logger,
    logFile,
    now: clock.now,
    children: claim,
  })
  const started = await supervisor.start((name, info) => onProgress(`${name} runs${describe(info)}`))
  if (!started.ok) return refuse(started.problem)
  const edge = supervisor.status().find(({ kind }) => kind === 'edge')!
  const hub = supervisor.status().find(({ kind }) => kind === 'hub')!

  try {
    const health = await startHealthServer(config.metrics.port, supervisor.status, clock.now)
    return {
      ok: true,
      platform: {
        mqttPort: Number(edge.info['port']),
        healthPort: health.port,
        deskUrl: String(hub.info['deskUrl']),
        caPem: identity.caPem,
        status: supervisor.status,
        async stop() {
          await health.close()
          await supervisor.stop()
          claim.release()
        },
      },
    }
  } catch (error) {
    await supervisor.stop()
    return refuse(`metrics.port ${config.metrics.port}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const describe = (info: Stats): string => (typeof info['port'] === 'number' ? ` on port ${info['port']}` : '')

const logOptions = (config: Config, logKey: Buffer, keepsRetention: boolean): LogOptions => ({
  data: config.data,
  logKey: logKey.toString('hex'),
  retention: keepsRetention ? { hours: config.log.retentionHours, gigabytes: config.log.retentionGigabytes } : null,
})

/** The desk's own certificate; null without one; a sentence when it can't be read. */
const readDeskTls = ({ desk: { certificateFile, keyFile } }: Config): DeskOptions['tls'] | string => {
  if (certificateFile === undefined || keyFile === undefined) return null
  try {
    const tls = { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') }
    createSecureContext({ cert: tls.certificatePem, key: tls.keyPem })
    return tls
  } catch (error) {
    return `desk.certificateFile ${certificateFile}, desk.keyFile ${keyFile}: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** A sentence when a file can't be read. */
const planStore = (config: Config, master: Buffer): StoreOptions | string => {
  if (config.store.kind === 'embedded')
    return { kind: 'embedded', storeKey: config.store.encrypted ? deriveKey(master, 'store').toString('hex') : null }
  const server = readServerSettings(config.store)
  return typeof server === 'string' ? server : { kind: 'server', server, migrates: config.store.migrate }
}

const hoursMs = 3_600_000

const planDesk = (config: Config, tls: DeskOptions['tls']): DeskOptions => {
  const { host, port, names, sessionHours, idleHours, linkHours } = config.desk
  const { acknowledgeMinutes, containMinutes } = config.triage
  return {
    host,
    port,
    names,
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

const planRoles = (config: Config, master: Buffer, identity: Identity, deskTls: DeskOptions['tls'], store: StoreOptions): RolePlan[] => {
  const logKey = deriveKey(master, 'log')
  const detect: DetectOptions = {
    log: logOptions(config, logKey, false),
    stateKey: deriveKey(master, 'state').toString('hex'),
    parameters: config.detectors,
  }
  const hub: HubOptions = {
    log: logOptions(config, logKey, true),
    store,
    retention: { ...storeRetention(config.store) },
    site: config.site,
    mqttPort: config.mqtt.port,
    authorityKeyPem: identity.authorityKeyPem,
    caPem: identity.caPem,
    desk: planDesk(config, deskTls),
  }
  const edges = Array.from({ length: config.mqtt.workers }, (_, worker): RolePlan => {
    const edge: EdgeOptions = {
      log: logOptions(config, logKey, false),
      host: config.mqtt.host,
      port: config.mqtt.port,
      reusePort: config.mqtt.workers > 1,
      writesClock: worker === 0,
      serverKeyPem: identity.serverKeyPem,
      serverCertificatePem: identity.serverCertificatePem,
      caPem: identity.caPem,
      limits: config.limits,
    }
    return {
      kind: 'edge',
      name: `edge-${worker}`,
      tier: 2,
      options: (before) => ({ ...edge, port: before['port'] ?? edge.port }),
      memoryBytesMax: config.edge.memoryMegabytesMax * 1_048_576,
    }
  })
  return [
    {
      kind: 'hub',
      name: 'hub',
      tier: 1,
      options: (before) => ({ ...hub, desk: { ...hub.desk, port: before['deskPort'] ?? hub.desk.port } }),
    },
    { kind: 'detect', name: 'detect', tier: 1, options: () => detect },
    ...edges,
  ]
}

const planBridges = (config: Config, logKey: Buffer): RolePlan[] =>
  config.bridges.map((bridge): RolePlan => {
    const text = (file: string | undefined): string | null => (file === undefined ? null : readFileSync(file, 'utf8'))
    const options: BridgeOptions = {
      log: logOptions(config, logKey, false),
      url: bridge.url,
      subscription: bridge.subscription,
      topicPattern: bridge.topicPattern,
      model: bridge.model,
      username: bridge.username ?? null,
      password: text(bridge.passwordFile)?.trimEnd() ?? null,
      caPem: text(bridge.caFile),
      certificatePem: text(bridge.certificateFile),
      privateKeyPem: text(bridge.keyFile),
    }
    return { kind: 'bridge', name: `bridge-${bridge.name}`, tier: 2, options: () => options }
  })
