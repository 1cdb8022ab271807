import type { Credentials } from '../../simulators/mqtt-connection.ts'

/** What a fleet in another process is told, and what it tells. */
export interface FleetPlan {
  readonly devices: readonly { readonly device: string; readonly credentials: Credentials }[]
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly seed: number
  readonly keepAliveSeconds: number
  /** Between two readings of a device. */
  readonly everyMs: number
}

export type FleetWord =
  | { readonly say: 'start'; readonly plan: FleetPlan }
  /** From now on the device says what can't be: something to find. */
  | { readonly say: 'lie'; readonly device: string }
  /** No more readings are made. */
  | { readonly say: 'rest' }
  | { readonly say: 'record' }

export interface FleetRecord {
  readonly residentBytes: number
  readonly devices: readonly {
    readonly device: string
    /** Sequence numbers; the first one is 1. */
    readonly acknowledged: readonly number[]
    readonly commands: readonly string[]
    readonly made: number
    readonly connected: boolean
    readonly dropped: number
    readonly redelivered: number
    readonly waiting: number
  }[]
}

export const fleetSite = 'north'
