import type { Logger } from '../contracts/logger.ts'
import { type RunningDevice, startDevice } from './device.ts'
import type { DeviceSpec } from './device-spec.ts'
import type { Fleet } from './fleet.ts'
import { type ConnectFailure, type Credentials, secureContextOf } from './mqtt-connection.ts'
import { randomFor } from './prng.ts'
import type { Scheduler } from './scheduler.ts'
import type { UplinkMessage, UplinkStats } from './uplink.ts'

export interface RunFleetOptions {
  readonly fleet: Fleet
  readonly host: string
  readonly port: number
  readonly serverName?: string
  /** Enrols a device or reads its key and certificate. Called once a device, in the fleet's order. */
  readonly credentials: (spec: DeviceSpec) => Promise<Credentials>
  readonly scheduler: Scheduler
  readonly logger: Logger
  readonly keepAliveSeconds?: number
  readonly connectTimeoutMs?: number
  /** Devices switched on per second: a fleet does not start within one millisecond. */
  readonly startsPerSecondMax?: number
  /** Readings that a device keeps while offline. */
  readonly queueMessagesMax?: number
  readonly onStarted?: (device: RunningDevice, started: number, total: number) => void
  readonly onAcknowledged?: (device: string, message: UplinkMessage) => void
  readonly onConnectFailed?: (device: string, failure: ConnectFailure) => void
}

export interface FleetStats extends Omit<UplinkStats, 'connected'> {
  readonly devices: number
  readonly connected: number
}

export interface RunningFleet {
  /** Resolves when every device has been switched on (connected or trying), or `stop` was called. Rejects when `credentials` fails. */
  readonly started: Promise<void>
  stats(): FleetStats
  device(id: string): RunningDevice | undefined
  readonly devices: ReadonlyMap<string, RunningDevice>
  /** DISCONNECTs all, each after at most `drainMs` for its acknowledgements. Idempotent. */
  stop(drainMs?: number): Promise<void>
}

/** Runs a fleet in this process. Returns at once; devices are switched on one after the other. */
export const runFleet = (options: RunFleetOptions): RunningFleet => {
  const { fleet, scheduler, logger, startsPerSecondMax = 250, onAcknowledged, onConnectFailed } = options
  const running = new Map<string, RunningDevice>()
  const stopping = new AbortController()

  const startAll = async (): Promise<void> => {
    const beganAtMs = scheduler.now()
    for (const [i, spec] of fleet.devices.entries()) {
      const aheadMs = beganAtMs + (i * 1_000) / startsPerSecondMax - scheduler.now()
      if (aheadMs > 1 && !(await scheduler.sleep(aheadMs, stopping.signal))) return
      const credentials = await options.credentials(spec)
      if (stopping.signal.aborted) return
      const device = startDevice({
        spec,
        startAtMs: scheduler.now(),
        connect: {
          host: options.host,
          port: options.port,
          ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
          credentials,
          secureContext: secureContextOf(credentials),
          keepAliveSeconds: options.keepAliveSeconds ?? 60,
          connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
        },
        scheduler,
        random: randomFor(spec.seed, spec.device, 'network'),
        logger,
        ...(options.queueMessagesMax === undefined ? {} : { queueMessagesMax: options.queueMessagesMax }),
        ...(onAcknowledged === undefined ? {} : { onAcknowledged: (message) => onAcknowledged(spec.device, message) }),
        ...(onConnectFailed === undefined ? {} : { onConnectFailed: (failure) => onConnectFailed(spec.device, failure) }),
      })
      running.set(spec.device, device)
      options.onStarted?.(device, running.size, fleet.devices.length)
    }
  }

  const started = startAll()
  return {
    started,
    devices: running,
    device: (id) => running.get(id),
    stats() {
      const sum = {
        connected: 0,
        connects: 0,
        connectFailures: 0,
        published: 0,
        redelivered: 0,
        acknowledged: 0,
        dropped: 0,
        queued: 0,
        inFlight: 0,
      }
      for (const device of running.values()) {
        const one = device.stats()
        for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += Number(one[name])
      }
      return { ...sum, devices: running.size }
    },
    async stop(drainMs = 1_000) {
      stopping.abort()
      await started.catch(() => undefined)
      await Promise.all([...running.values()].map((device) => device.stop(drainMs)))
    },
  }
}
