import type { UplinkLeaf } from '../contracts/mqtt-topics.ts'
import type { DeviceSpec } from './device-spec.ts'
import { senmlJson } from './payloads/senml-json.ts'
import { type ReadingMessage, postureJson, wardwatchJson } from './payloads/wardwatch-json.ts'
import { profiles } from './profiles/catalogue.ts'
import { randomFor } from './prng.ts'

/** A message as the device made it, before any network. */
export interface SourceMessage {
  /** When it is made: device time and, online, the moment it is sent, ms. */
  readonly atMs: number
  readonly leaf: UplinkLeaf
  readonly payload: Buffer
  /** Made while offline before the start: sent as backlog. */
  readonly history: boolean
}

/** Changes a reading before it is encoded: how an attack makes a device lie. Must not keep or change what it is given. */
export type Distortion = (vitals: Readonly<Record<string, number>>, atMs: number) => Readonly<Record<string, number>>

/** The endless stream of what one device says, in its own time. The same spec and start give the same bytes, however it is polled. */
export interface DeviceSource {
  /** When the next reading is due, ms. */
  readonly nextAtMs: number
  /** The next reading, and the events that came with it, in order. */
  next(): SourceMessage[]
  /** One more reading of the present values, out of turn (what a device that floods sends). */
  extra(atMs: number): SourceMessage
  distort(distortion: Distortion | null): void
  /** A restart: the counter begins again under a new boot id. */
  reboot(): void
  /** Changes the interval from the next reading on, ms. */
  setInterval(intervalMs: number): void
}

/** @param startAtMs when the device is switched on; the first reading follows within one interval (staggered by its own stream). */
export const createDeviceSource = (spec: DeviceSpec, startAtMs: number): DeviceSource => {
  const patient = profiles[spec.profile].createPatient(randomFor(spec.seed, spec.device, 'patient'))
  const random = randomFor(spec.seed, spec.device, 'device')
  const offsetMs = Math.floor(random.between(0, Math.min(spec.intervalMs, 30_000)))
  const firstLiveMs = startAtMs + offsetMs
  let intervalMs = spec.intervalMs
  let boot = random.integer(0, 0xffffff).toString(16).padStart(6, '0')
  let seq = 0
  let battery = spec.batteryHours === null ? null : random.between(35, 100)
  let batteryAtMs = startAtMs
  let distortion: Distortion | null = null
  let vitals: Readonly<Record<string, number>> = {}
  const historyCount = Math.floor(spec.historyMs / spec.historyIntervalMs)
  let historyLeft = historyCount

  const drain = (atMs: number): number | null => {
    if (battery === null || spec.batteryHours === null) return null
    battery -= ((Math.max(0, atMs - batteryAtMs) / 3_600_000) * 100) / spec.batteryHours
    batteryAtMs = Math.max(batteryAtMs, atMs)
    // Somebody puts it on a charger in time.
    if (battery < 8) battery = 100
    return Math.round(battery)
  }

  const encode = (atMs: number, values: Readonly<Record<string, number>>): Buffer => {
    const message: ReadingMessage = { ts: atMs, seq: ++seq, firmware: spec.firmware, batteryPercent: drain(atMs), boot, vitals: values }
    return spec.protocol === 'senml-json' ? senmlJson(spec.device, message) : wardwatchJson(message)
  }

  let nextAtMs = historyCount > 0 ? firstLiveMs - historyCount * spec.historyIntervalMs : firstLiveMs
  return {
    get nextAtMs() {
      return nextAtMs
    },
    next() {
      const atMs = nextAtMs
      const history = historyLeft > 0
      if (history) historyLeft--
      nextAtMs += history ? spec.historyIntervalMs : intervalMs
      const sample = patient.nextReading(atMs)
      vitals = distortion === null ? sample.vitals : distortion(sample.vitals, atMs)
      const messages: SourceMessage[] = [{ atMs, leaf: 'telemetry', payload: encode(atMs, vitals), history }]
      for (const event of sample.events ?? []) messages.push({ atMs, leaf: 'event', payload: postureJson(atMs, event), history })
      return messages
    },
    extra: (atMs) => ({ atMs, leaf: 'telemetry', payload: encode(atMs, vitals), history: false }),
    distort(next) {
      distortion = next
    },
    reboot() {
      boot = random.integer(0, 0xffffff).toString(16).padStart(6, '0')
      seq = 0
    },
    setInterval(ms) {
      intervalMs = ms
    },
  }
}
