import { type Distortion, createDeviceSource } from './device-source.ts'
import type { DeviceSpec } from './device-spec.ts'
import { postureJson } from './payloads/wardwatch-json.ts'
import { type UplinkOptions, type UplinkStats, createUplink } from './uplink.ts'
import type { Connection } from './mqtt-connection.ts'

export type DeviceOptions = Pick<
  UplinkOptions,
  'connect' | 'scheduler' | 'random' | 'logger' | 'queueMessagesMax' | 'inFlightMax' | 'backoffMs'
> & {
  readonly spec: DeviceSpec
  /** When it is switched on, ms: its stream of readings is a function of the spec and this. */
  readonly startAtMs: number
  readonly onAcknowledged?: UplinkOptions['onAcknowledged']
  readonly onConnectFailed?: UplinkOptions['onConnectFailed']
}

/** A simulated device on the network. The part below `stats` is what malware on it could do. */
export interface RunningDevice {
  readonly spec: DeviceSpec
  stats(): UplinkStats
  /** Makes every reading lie from now on; null ends it. */
  distort(distortion: Distortion | null): void
  /** Sends one more reading now. */
  sendExtra(): void
  /** Sends bytes on the telemetry topic as if they were new. */
  sendRaw(payload: Buffer): void
  /** Begins to keep what it publishes on telemetry, the newest `count`; answers a look at them, oldest first. */
  record(count: number): () => readonly { readonly atMs: number; readonly payload: Buffer }[]
  /** Its live connection, null while offline. */
  connection(): Connection | null
  /** The live connection, or the next one; null when it is stopped first. */
  connected(): Promise<Connection | null>
  /** Stays connected and says nothing; what it measures meanwhile is lost. */
  mute(muted: boolean): void
  /** Dies: cuts the socket, makes no more readings. */
  die(): void
  /** Comes back after `die`, as after a change of battery. */
  revive(): void
  /** Stops making readings, waits at most `drainMs` for acknowledgements, disconnects. Idempotent. */
  stop(drainMs?: number): Promise<void>
}

/** What a device understands: `{"id":"c1","action":"ping"}`, `{"id":..,"action":"interval","intervalMs":2000}`, `pause`, `resume`. */
interface Command {
  readonly id?: unknown
  readonly action?: unknown
  readonly intervalMs?: unknown
}

const parseCommand = (payload: Buffer): Command | null => {
  try {
    const parsed: unknown = JSON.parse(payload.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? parsed : null
  } catch {
    return null
  }
}

/** Starts one device: readings when they are due, online or not; commands answered by an event. */
export const startDevice = (options: DeviceOptions): RunningDevice => {
  const { spec, scheduler, startAtMs } = options
  const source = createDeviceSource(spec, startAtMs)
  let recorded: { atMs: number; payload: Buffer }[] | null = null
  let recordMax = 0
  let alive = true
  let paused = false
  let cancel: (() => void) | null = null

  const answer = (payload: Buffer): void => {
    const command = parseCommand(payload)
    const action = typeof command?.action === 'string' ? command.action : 'unreadable'
    const id = typeof command?.id === 'string' ? command.id : null
    let result = 'done'
    if (action === 'pause') paused = true
    else if (action === 'resume') paused = false
    else if (
      action === 'interval' &&
      typeof command?.intervalMs === 'number' &&
      command.intervalMs >= 100 &&
      command.intervalMs <= 3_600_000
    ) {
      source.setInterval(command.intervalMs)
    } else if (action !== 'ping') result = 'refused'
    const event = { change: 'configuration', subject: `command ${action}`.slice(0, 128), from: id, to: result, actor: 'platform' } as const
    uplink.send('event', postureJson(scheduler.now(), event))
  }

  const { connect, random, logger, queueMessagesMax, inFlightMax, backoffMs, onAcknowledged, onConnectFailed } = options
  const uplink = createUplink({
    device: spec.device,
    site: spec.site,
    connect,
    scheduler,
    random,
    logger,
    onCommand: answer,
    ...(queueMessagesMax === undefined ? {} : { queueMessagesMax }),
    ...(inFlightMax === undefined ? {} : { inFlightMax }),
    ...(backoffMs === undefined ? {} : { backoffMs }),
    ...(onAcknowledged === undefined ? {} : { onAcknowledged }),
    ...(onConnectFailed === undefined ? {} : { onConnectFailed }),
  })

  const keep = (atMs: number, payload: Buffer): void => {
    if (recorded === null) return
    recorded.push({ atMs, payload })
    if (recorded.length > recordMax) recorded.shift()
  }

  const tick = (): void => {
    cancel = null
    if (!alive) return
    while (source.nextAtMs <= scheduler.now()) {
      for (const { leaf, payload, history, atMs } of source.next()) {
        if (paused) continue
        uplink.send(leaf, payload, history || undefined)
        if (leaf === 'telemetry') keep(atMs, payload)
      }
    }
    cancel = scheduler.after(Math.max(0, source.nextAtMs - scheduler.now()), tick)
  }

  const halt = (): void => {
    alive = false
    cancel?.()
    cancel = null
  }

  uplink.start()
  tick()
  return {
    spec,
    stats: uplink.stats,
    distort: source.distort,
    sendExtra() {
      const { payload, atMs } = source.extra(scheduler.now())
      uplink.send('telemetry', payload)
      keep(atMs, payload)
    },
    sendRaw: (payload) => void uplink.send('telemetry', payload),
    record(count) {
      recorded = []
      recordMax = count
      return () => recorded ?? []
    },
    mute(muted) {
      paused = muted
    },
    connection: uplink.connection,
    connected: uplink.connected,
    die() {
      halt()
      uplink.sever()
    },
    revive() {
      if (alive) return
      alive = true
      source.reboot()
      // What it would have measured while it was dead was not measured.
      while (source.nextAtMs <= scheduler.now()) source.next()
      uplink.start()
      tick()
    },
    async stop(drainMs) {
      halt()
      await uplink.stop(drainMs)
    },
  }
}
