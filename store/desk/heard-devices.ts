/** When and from where each device was last heard. In memory; bounded. */
export interface HeardDevices {
  /** A reading or another sign of life, ms; with the address it connected from, when that is what was heard. */
  hear(device: string, at: number, address: string | null): void
  /** What it said its firmware is, in a reading of then; of a device that was heard. */
  report(device: string, at: number, firmware: string): void
  get(device: string): Heard | null
  firmwareOf(device: string): string | null
  /** Devices heard at or after, ms. */
  since(ms: number): number
  /** Those that changed since this was last asked. */
  takeChanged(): readonly (readonly [device: string, heard: Heard & { readonly firmware: string | null }])[]
}

export interface Heard {
  readonly at: number
  readonly address: string | null
}

export const createHeardDevices = (devicesMax = 200_000): HeardDevices => {
  const devices = new Map<
    string,
    { at: number; address: string | null; connectedAt: number; firmware: string | null; reportedAt: number }
  >()
  let changed = new Set<string>()
  return {
    hear(device, at, address) {
      const known = devices.get(device)
      if (known === undefined) {
        if (devices.size >= devicesMax) {
          // The one that was known first goes: it comes back when it is heard again.
          const first = devices.keys().next().value!
          devices.delete(first)
          changed.delete(first)
        }
        devices.set(device, { at, address, connectedAt: address === null ? -1 : at, firmware: null, reportedAt: -1 })
      } else {
        known.at = Math.max(known.at, at)
        if (address !== null && at >= known.connectedAt) {
          known.address = address
          known.connectedAt = at
        }
      }
      changed.add(device)
    },
    report(device, at, firmware) {
      const known = devices.get(device)
      if (known === undefined || at < known.reportedAt) return
      known.firmware = firmware
      known.reportedAt = at
      changed.add(device)
    },
    get(device) {
      const known = devices.get(device)
      return known === undefined ? null : { at: known.at, address: known.address }
    },
    firmwareOf: (device) => devices.get(device)?.firmware ?? null,
    since(ms) {
      let count = 0
      for (const { at } of devices.values()) if (at >= ms) count++
      return count
    },
    takeChanged() {
      const taken = [...changed].map((device) => [device, devices.get(device)!] as const)
      changed = new Set()
      return taken
    },
  }
}
