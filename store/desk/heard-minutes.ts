const minuteMs = 60_000

export interface SiteMinute {
  readonly site: string
  readonly minute: number
  readonly devices: number
  readonly count: number
}

/** Gathers which devices of a site were heard in a minute until the minute is over. */
export interface HeardMinutes {
  hear(site: string, minute: number, device: string | null, count: number): void
  /** Minutes that ended before, ms, and those that are too many to hold; each is given once. */
  takeEnded(before: number): readonly SiteMinute[]
}

/** Held at once: after time away many minutes are read in one go. */
const minutesMax = 120

export const createHeardMinutes = (): HeardMinutes => {
  const minutes = new Map<number, Map<string, { devices: Set<string>; count: number }>>()
  return {
    hear(site, minute, device, count) {
      let sites = minutes.get(minute)
      if (sites === undefined) minutes.set(minute, (sites = new Map()))
      let heard = sites.get(site)
      if (heard === undefined) sites.set(site, (heard = { devices: new Set(), count: 0 }))
      if (device !== null) heard.devices.add(device)
      heard.count += count
    },
    takeEnded(before) {
      const taken: SiteMinute[] = []
      const tooMany = minutes.size - minutesMax
      for (const [i, minute] of [...minutes.keys()].sort((a, b) => a - b).entries()) {
        if (minute + minuteMs > before && i >= tooMany) continue
        for (const [site, { devices, count }] of minutes.get(minute)!) taken.push({ site, minute, devices: devices.size, count })
        minutes.delete(minute)
      }
      return taken
    },
  }
}
