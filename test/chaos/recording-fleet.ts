import { silentLogger } from '../../contracts/logger.ts'
import { wardwatchJson } from '../../simulators/payloads/wardwatch-json.ts'
import { type Credentials, secureContextOf } from '../../simulators/mqtt-connection.ts'
import { randomFor } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { createUplink } from '../../simulators/uplink.ts'
import { until } from '../platform/until.ts'

const site = 'north'
const tickMs = 50

export interface RecordedDevice {
  readonly device: string
  readonly lies: boolean
  /** Sequence numbers that were made and that were acknowledged; the first one is 1. */
  readonly sent: () => number
  readonly acknowledged: ReadonlySet<number>
  /** Every command as it came, repeats too. */
  readonly commands: readonly string[]
}

/** Devices that store and forward at QoS 1, and a record of all that was promised to them. */
export interface RecordingFleet {
  readonly devices: readonly RecordedDevice[]
  acknowledged(): number
  connected(): number
  /** Connections that were made, first ones and later ones. */
  connects(): number
  /** Messages that wait in the devices. */
  waiting(): number
  dropped(): number
  redelivered(): number
  /** Commands that came, repeats too. */
  commands(): number
  /** The longest that no device at all was acknowledged, ms, since the last call. */
  longestSilenceMs(): number
  /** No more readings are made; resolves when all that were made are acknowledged. */
  drain(patienceMs: number): Promise<void>
  stop(): Promise<void>
}

export const fleetDevices = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ device: `dev-${i + 1}`, site, ward: 'icu', model: 'test' }))

/** An address of its own for each device, as it has behind a load balancer that tells it. */
const addressOf = (index: number): string => `127.20.${index >> 8}.${index & 255}`

export const startRecordingFleet = async (options: {
  readonly credentials: ReadonlyMap<string, Credentials>
  readonly port: number
  readonly serverName: string
  readonly seed: number
  readonly readingsPerSecond: number
  /** One device in so many says what can't be: something to find. They begin one after the other within `liesWithinMs`. */
  readonly liarEvery: number
  readonly liesWithinMs: number
}): Promise<RecordingFleet> => {
  const { credentials, port, serverName, seed, readingsPerSecond, liarEvery, liesWithinMs } = options
  let acknowledgedCount = 0
  let lastMs = performance.now()
  let silenceMs = 0
  const mutable = [...credentials].map(([device, own], index) => {
    const acknowledged = new Set<number>()
    const commands: string[] = []
    const random = randomFor(seed, device, 'lies')
    const uplink = createUplink({
      device,
      site,
      connect: {
        host: '127.0.0.1',
        port,
        serverName,
        credentials: own,
        secureContext: secureContextOf(own),
        keepAliveSeconds: 60,
        connectTimeoutMs: 15_000,
        localAddress: addressOf(index),
      },
      scheduler: systemScheduler,
      random: randomFor(seed, device),
      logger: silentLogger,
      backlogPerSecondMax: 40,
      backoffMs: { first: 200, max: 3_000 },
      onCommand: (payload) => commands.push(payload.toString()),
      onAcknowledged({ payload }) {
        acknowledged.add((JSON.parse(payload.toString()) as { seq: number }).seq)
        acknowledgedCount++
        const nowMs = performance.now()
        silenceMs = Math.max(silenceMs, nowMs - lastMs)
        lastMs = nowMs
      },
    })
    const lies = index % liarEvery === 0
    return { device, uplink, acknowledged, commands, lies, liesFromMs: random.integer(0, liesWithinMs), seq: 0 }
  })
  const send = (device: (typeof mutable)[number]): void => {
    const lies = device.lies && performance.now() - from > device.liesFromMs
    const vitals = lies ? { hr: 72, spo2: 130 } : { hr: 70 + (device.seq % 5), spo2: 96 + (device.seq % 3) }
    device.uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq: ++device.seq, boot: 'b1', vitals }))
  }
  const connected = (): number => mutable.filter(({ uplink }) => uplink.stats().connected).length
  // A hundred at a time: the handshakes of all at once would outlast their time limit on two cores.
  for (let at = 0; at < mutable.length; at += 100) {
    const some = mutable.slice(at, at + 100)
    for (const { uplink } of some) uplink.start()
    await until(`devices ${at + 1} to ${at + some.length} are connected`, () => some.every(({ uplink }) => uplink.stats().connected))
  }
  lastMs = performance.now()
  const from = performance.now()
  let due = 0
  // Spread evenly over the time, as a fleet's clocks are.
  const timer = setInterval(() => {
    const target = ((performance.now() - from) / 1_000) * readingsPerSecond
    for (; due < target; due++) send(mutable[due % mutable.length]!)
  }, tickMs)
  const sum = (of: (device: (typeof mutable)[number]) => number): number => mutable.reduce((total, device) => total + of(device), 0)
  const waiting = (): number => sum(({ uplink }) => uplink.stats().queued + uplink.stats().inFlight)

  return {
    devices: mutable.map(({ device, lies, acknowledged, commands }, i) => ({
      device,
      lies,
      acknowledged,
      commands,
      sent: () => mutable[i]!.seq,
    })),
    acknowledged: () => acknowledgedCount,
    connected,
    connects: () => sum(({ uplink }) => uplink.stats().connects),
    waiting,
    dropped: () => sum(({ uplink }) => uplink.stats().dropped),
    commands: () => sum(({ commands }) => commands.length),
    redelivered: () => sum(({ uplink }) => uplink.stats().redelivered),
    longestSilenceMs() {
      const longest = Math.max(silenceMs, performance.now() - lastMs)
      silenceMs = 0
      return longest
    },
    async drain(patienceMs) {
      clearInterval(timer)
      await until('every reading is acknowledged', () => waiting() === 0, patienceMs)
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(mutable.map(({ uplink }) => uplink.stop(0)))
    },
  }
}
