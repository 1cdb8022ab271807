import { createHash } from 'node:crypto'

/** How much the desk's bench stores, and of which devices: the fill, the server and the questions agree on it. */
export interface DeskScale {
  readonly readings: number
  readonly findings: number
  readonly alerts: number
  readonly devices: number
}

/** In proportion to the readings: the whole is 50 million, with a million findings and 100,000 alerts. */
export const deskScale = (readings: number): DeskScale => ({
  readings,
  findings: Math.round(readings / 50),
  alerts: Math.round(readings / 500),
  devices: Math.max(20, Math.min(5_000, Math.round(readings / 10_000))),
})

/** Changes with what is filled in: an older directory is then filled anew. */
export const fillVersion = 1
export const benchKey = Buffer.alloc(32, 7)

/** What the fill leaves behind when it is done. */
export interface Filled {
  readonly version: number
  readonly scale: DeskScale
  /** The fleet's last reading, ms: the bench's "now" lies just behind it however old the directory is. */
  readonly nowMs: number
  readonly fillSeconds: number
  readonly megabytes: number
}

export interface BenchDevice {
  readonly device: string
  readonly site: string
  readonly ward: string
  readonly model: string
  readonly spacingMs: number
  readonly vitals: readonly string[]
}

export const spacingsSeconds = [5, 10, 15, 30, 60] as const
const kinds = [
  { model: 'monitor-a', vitals: ['hr', 'spo2', 'resp', 'abpSys'] },
  { model: 'monitor-b', vitals: ['hr', 'spo2', 'resp', 'abpSys'] },
  { model: 'wearable-x', vitals: ['hr', 'spo2', 'temp'] },
  { model: 'wearable-y', vitals: ['hr', 'spo2', 'temp'] },
  { model: 'pump-3', vitals: ['infusionRate', 'linePressure'] },
] as const

export const benchDevice = (i: number): BenchDevice => {
  const { model, vitals } = kinds[i % 5]!
  return {
    device: `dev-${String(i).padStart(5, '0')}`,
    site: `site-${Math.floor(i / 5) % 20}`,
    ward: `Ward ${Math.floor(i / 5) % 97}`,
    model,
    spacingMs: spacingsSeconds[i % 5]! * 1_000,
    vitals,
  }
}

/** A dice that falls the same each time: a number from 0 up to 1 by a name and a number. */
export const dice = (name: string, i: number): number => createHash('sha256').update(`${name}${i}`).digest().readUInt32LE(0) / 4_294_967_296
