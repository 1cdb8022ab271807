import type { DeviceSpec } from './device-spec.ts'
import { randomFor } from './prng.ts'
import { profiles } from './profiles/catalogue.ts'
import { type ProfileId, profileIds } from './profiles/profile.ts'

export interface SitePlan {
  readonly site: string
  /** Weight of its share of the devices. */
  readonly share: number
  readonly wards: readonly string[]
}

/** A teaching hospital, a district hospital and a small clinic. */
export const defaultSites: readonly SitePlan[] = [
  { site: 'st-anna', share: 12, wards: ['icu-1', 'icu-2', 'cardiology', 'surgery', 'maternity'] },
  { site: 'riverside', share: 6, wards: ['icu', 'medicine', 'surgery'] },
  { site: 'hill-clinic', share: 1, wards: ['day-ward'] },
]

/** Weights of the profiles; at most 12 % of the messages come from anything but monitors and wearables. */
export const defaultMix: Readonly<Record<ProfileId, number>> = {
  'bedside-monitor': 35,
  wearable: 40,
  'infusion-pump': 15,
  'glucose-sensor': 10,
}

export interface FleetPlan {
  readonly seed: number
  /** 1 to 100,000. */
  readonly devices: number
  readonly sites?: readonly SitePlan[]
  readonly mix?: Readonly<Record<ProfileId, number>>
  /** How many sign in with user name and password: legacy wearables. */
  readonly passwordDevices?: number
  /** Share of devices that speak SenML, 0..1. */
  readonly senmlShare?: number
}

export interface Fleet {
  readonly seed: number
  readonly devices: readonly DeviceSpec[]
}

/**
 * Largest remainder: whole numbers of `total` in proportion to the weights, and at least one each when there are enough to go round.
 */
const apportion = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((a, b) => a + b, 0)
  const quotas = weights.map((weight) => (total * weight) / sum)
  const counts = quotas.map(Math.floor)
  const order = quotas.map((quota, i) => ({ i, rest: quota - Math.floor(quota) })).sort((a, b) => b.rest - a.rest || a.i - b.i)
  for (let k = 0, left = total - counts.reduce((a, b) => a + b, 0); k < left; k++) counts[order[k % order.length]!.i]!++
  for (let i = 0; i < counts.length && total >= counts.length; i++) {
    if (counts[i] === 0 && weights[i]! > 0) {
      counts[counts.indexOf(Math.max(...counts))]!--
      counts[i] = 1
    }
  }
  return counts
}

/** Draws a fleet. The same plan gives the same fleet; ids are `mon-0001`, `wrb-0001`, `pmp-0001`, `cgm-0001` ... Throws `RangeError` on a bad plan. */
export const planFleet = (plan: FleetPlan): Fleet => {
  const { seed, devices: total, sites = defaultSites, mix = defaultMix, passwordDevices = 0, senmlShare = 0.15 } = plan
  if (!Number.isSafeInteger(total) || total < 1 || total > 100_000) throw new RangeError(`devices must be 1 to 100000, not ${total}`)
  if (sites.length === 0 || sites.some(({ share, wards }) => !(share > 0) || wards.length === 0)) {
    throw new RangeError('a fleet needs sites, each with a share over 0 and a ward')
  }
  const random = randomFor(seed, 'fleet')
  const perProfile = apportion(
    total,
    profileIds.map((id) => mix[id]),
  )
  const homes = apportion(
    total,
    sites.map((site) => site.share),
  ).flatMap((count, i) => Array.from({ length: count }, () => sites[i]!))
  // Dealt round by a seeded shuffle, so that every site has its share of each profile.
  for (let i = homes.length - 1; i > 0; i--) {
    const j = random.integer(0, i)
    const held = homes[i]!
    homes[i] = homes[j]!
    homes[j] = held
  }
  let at = 0
  let passwordsLeft = passwordDevices
  const devices = profileIds.flatMap((id, p) => {
    const profile = profiles[id]
    return Array.from({ length: perProfile[p]! }, (_, i): DeviceSpec => {
      const home = homes[at++]!
      const model = random.pick(profile.models)
      const legacy = id === 'wearable' && passwordsLeft > 0
      if (legacy) passwordsLeft--
      return {
        device: `${profile.prefix}-${String(i + 1).padStart(4, '0')}`,
        site: home.site,
        ward: random.pick(home.wards),
        model: model.model,
        firmware: random.pick(model.firmware),
        profile: id,
        protocol: random.chance(senmlShare) ? 'senml-json' : 'wardwatch-json',
        credential: legacy ? 'password' : 'certificate',
        intervalMs: profile.intervalMs,
        batteryHours: profile.batteryHours,
        seed,
        historyMs: 0,
        historyIntervalMs: 15_000,
      }
    })
  })
  if (passwordsLeft > 0) throw new RangeError(`${passwordDevices} password devices, but the fleet has fewer wearables`)
  return { seed, devices }
}

/** The same fleet with some devices changed, e.g. given a history or an interval. */
export const withDevices = (fleet: Fleet, change: (spec: DeviceSpec) => Partial<DeviceSpec> | undefined): Fleet => ({
  seed: fleet.seed,
  devices: fleet.devices.map((spec) => ({ ...spec, ...change(spec) })),
})
