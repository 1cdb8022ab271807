import type { Logger } from '../../contracts/logger.ts'
import { type Credentials, secureContextOf } from '../mqtt-connection.ts'
import { randomFor } from '../prng.ts'
import type { Scheduler } from '../scheduler.ts'
import { type Uplink, createUplink } from '../uplink.ts'
import { recordingToPayload } from './payload.ts'
import type { RecordedDevice, RecordedMessage, Recording } from './read-recording.ts'

export interface ReplayOptions {
  readonly recording: Pick<Recording, 'devices' | 'stats'> & Iterable<RecordedMessage>
  /** Times real time; 0 is as fast as it is acknowledged. */
  readonly speed: number
  readonly host: string
  readonly port: number
  readonly serverName?: string
  /** Enrols a recorded device or reads its key. Called once a device, before its first message. */
  readonly credentials: (device: RecordedDevice) => Promise<Credentials>
  readonly scheduler: Scheduler
  readonly logger: Logger
  /** QoS 1 messages of one device on their way. */
  readonly inFlightMax?: number
  /** Ends it early: what is on its way is not waited for. */
  readonly signal?: AbortSignal
  readonly onAcknowledged?: (device: RecordedDevice, acknowledged: number) => void
}

export interface ReplayStats {
  readonly messages: number
  readonly published: number
  readonly acknowledged: number
  /** Sent again after a lost connection. */
  readonly redelivered: number
  readonly connects: number
  readonly connectFailures: number
}

/**
 * Plays a recording as devices over MQTT, QoS 1, through lost connections; resolves when every message is acknowledged (or on `signal`). Order
 * is kept per device. The devices' clocks are the recording's: `ts` is carried as it is. Throws `RangeError` for a negative speed.
 */
export const replayRecording = async (options: ReplayOptions): Promise<ReplayStats> => {
  const { recording, speed, scheduler, logger, inFlightMax = 32, signal } = options
  if (!(speed >= 0 && Number.isFinite(speed))) throw new RangeError(`speed must be 0 or more, not ${speed}`)
  const uplinks = new Map<string, Uplink>()
  const stop = (drainMs: number): Promise<unknown> => Promise.all([...uplinks.values()].map((uplink) => uplink.stop(drainMs)))
  const abort = (): void => void stop(0)
  signal?.addEventListener('abort', abort, { once: true })
  let acknowledged = 0

  const uplinkOf = async (message: RecordedMessage): Promise<Uplink> => {
    const known = uplinks.get(message.device)
    if (known !== undefined) return known
    const credentials = await options.credentials(message)
    const uplink = createUplink({
      device: message.device,
      site: message.site,
      connect: {
        host: options.host,
        port: options.port,
        ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
        credentials,
        secureContext: secureContextOf(credentials),
        keepAliveSeconds: 60,
        connectTimeoutMs: 20_000,
      },
      scheduler,
      random: randomFor(1, message.device, 'replay'),
      logger,
      inFlightMax,
      // Never reached: room is waited for.
      queueMessagesMax: 4 * inFlightMax,
      backlogPerSecondMax: Number.POSITIVE_INFINITY,
      backoffMs: { first: 250, max: 10_000 },
      onAcknowledged: () => options.onAcknowledged?.(message, ++acknowledged),
    })
    uplinks.set(message.device, uplink)
    uplink.start()
    return uplink
  }

  try {
    const startedMs = scheduler.now()
    let firstMs: number | null = null
    let playedMs = 0
    for (const message of recording) {
      if (signal?.aborted === true) break
      if (speed > 0) {
        firstMs ??= message.ts
        // A stamp that goes back is played at once.
        playedMs = Math.max(playedMs, message.ts - firstMs)
        const aheadMs = startedMs + playedMs / speed - scheduler.now()
        if (aheadMs > 0 && !(await scheduler.sleep(aheadMs, signal))) break
      }
      const uplink = await uplinkOf(message)
      await uplink.roomBelow(2 * inFlightMax)
      uplink.send('telemetry', recordingToPayload(message))
    }
    if (signal?.aborted !== true) await Promise.all([...uplinks.values()].map((uplink) => uplink.drained()))
  } finally {
    signal?.removeEventListener('abort', abort)
    await stop(0)
  }
  const sum = { published: 0, acknowledged: 0, redelivered: 0, connects: 0, connectFailures: 0 }
  for (const uplink of uplinks.values()) {
    const one = uplink.stats()
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += one[name]
  }
  return { messages: recording.stats.messages, ...sum }
}
