import { randomUUID } from 'node:crypto'
import { systemClock } from '../contracts/clock.ts'
import type { Logger } from '../contracts/logger.ts'
import { claimDirectory } from '../stream/directory-lock.ts'
import type { Config } from './config.ts'
import { startHealthServer } from './health-server.ts'
import { certificatesOf } from './certificates-of.ts'
import { loadSecrets } from './load-secrets.ts'
import { makeDirectory } from './make-directory.ts'
import { machineSamples } from './metrics/machine-samples.ts'
import { planRoles } from './role-plans.ts'
import { machineOf, sharedOf } from './role-set.ts'
import type { Stats } from './roles/channel.ts'
import { does } from './role-status.ts'
import { createSupervisor, type RolePlan, type RoleStatus } from './supervisor.ts'

export interface Platform {
  /** Where devices connect; null when no edge runs here. */
  readonly mqttPort: number | null
  readonly healthPort: number
  /** Where the console is, e.g. `http://127.0.0.1:8480`; null when no desk runs here. */
  readonly deskUrl: string | null
  /** The CA of the devices; null when neither an edge nor a desk runs here. */
  readonly caPem: string | null
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
  /** Resolves when nobody waits for the start any more. */
  readonly cancelled?: Promise<void>
}

/** The composition root of a machine: claims the data directory, opens the keys, starts the roles in order; what fails rolls back what was started. */
export const startPlatform = async (options: PlatformOptions): Promise<PlatformStart> => {
  const { config, logger, logFile, onProgress } = options
  const clock = systemClock
  const unusable = makeDirectory(config.data)
  if (unusable !== null) return { ok: false, problem: `data: ${unusable}` }
  const claim = await claimDirectory(config.data, (problem) =>
    logger.warn({ problem }, 'the list of processes can not be written beside the lock of the data directory; it is tried again'),
  )
  if ('refused' in claim) return { ok: false, problem: claim.refused }
  const refuse = async (problem: string): Promise<PlatformStart> => {
    claim.release()
    return { ok: false, problem }
  }

  const shared = sharedOf(config)
  const secrets = await loadSecrets(config, shared, options.masterKeyFromEnvironment)
  if (!secrets.ok) return refuse(secrets.problem)
  onProgress('keys and certificates are there')

  let plans: RolePlan[]
  try {
    plans = planRoles(config, shared, secrets.secrets)
  } catch (error) {
    return refuse(`bridges: ${error instanceof Error ? error.message : String(error)}`)
  }
  const supervisor = createSupervisor({
    config,
    plans,
    machine: machineOf(config, shared),
    run: randomUUID(),
    logger,
    logFile,
    now: clock.now,
    children: claim,
  })
  const started = await supervisor.start((name, info) => onProgress(`${name} runs${describe(info)}`), {
    onWait: (name, reason) => onProgress(`${name} waits: ${reason}`),
    cancelled: options.cancelled ?? new Promise(() => {}),
  })
  if (!started.ok) return refuse(started.problem)
  const edge = supervisor.status().find(({ kind }) => kind === 'edge')
  const desk = supervisor.status().find(({ kind }) => does(kind, 'desk'))

  try {
    const health = await startHealthServer({
      host: config.metrics.host,
      port: config.metrics.port,
      tls: secrets.secrets.metricsTls,
      roles: supervisor.status,
      machine: machineSamples(config.data, certificatesOf(secrets.secrets)),
      now: clock.now,
    })
    return {
      ok: true,
      platform: {
        mqttPort: edge === undefined ? null : Number(edge.info['port']),
        healthPort: health.port,
        deskUrl: desk === undefined ? null : String(desk.info['deskUrl']),
        caPem: secrets.secrets.edge?.caPem ?? secrets.secrets.authority?.caPem ?? null,
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
