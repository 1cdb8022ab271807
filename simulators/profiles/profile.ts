import type { Random } from '../prng.ts'

/** What a device tells at one moment. Vital names and units are those of contracts/vitals.ts. */
export interface Sample {
  readonly vitals: Readonly<Record<string, number>>
  /** Therapy or configuration changes that somebody made at the device just now. */
  readonly events?: readonly PostureEvent[]
}

/** A change at the device, sent on its `event` topic: the words of contracts/observation.ts `posture`. */
export interface PostureEvent {
  readonly change: 'firmware' | 'ota' | 'configuration' | 'therapy' | 'login'
  readonly subject: string
  readonly from: string | null
  readonly to: string | null
  readonly actor: string | null
}

/**
 * The body (or the therapy) behind one device. Pure but for its own state and random stream: the same moments give the same
 * samples. Moments must not go backwards; `nowMs` is milliseconds since the epoch and decides the time of day.
 */
export interface Patient {
  nextReading(nowMs: number): Sample
}

export interface Profile {
  readonly id: ProfileId
  /** Prefix of device ids. */
  readonly prefix: string
  readonly intervalMs: number
  readonly models: readonly { readonly model: string; readonly firmware: readonly string[] }[]
  /** Hours that a full battery lasts; null on mains. */
  readonly batteryHours: number | null
  createPatient(random: Random): Patient
}

export const profileIds = ['bedside-monitor', 'wearable', 'infusion-pump', 'glucose-sensor'] as const
export type ProfileId = (typeof profileIds)[number]
