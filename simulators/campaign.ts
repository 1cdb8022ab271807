import { type AttackContext, type AttackTarget } from './attacks/attack.ts'
import { attacks } from './attacks/catalogue.ts'
import type { DeviceSpec } from './device-spec.ts'
import { type Fleet, withDevices } from './fleet.ts'
import type { AttackId } from './ground-truth.ts'
import { type Random, randomFor } from './prng.ts'

export interface CampaignPlanOptions {
  readonly fleet: Fleet
  readonly seed: number
  /** When the first attack begins and the last but silence has ended, ms after the campaign's zero (the start of the demo). */
  readonly startAtMs?: number
  readonly endByMs?: number
  /** Also cut off the smallest site. */
  readonly siteSilence?: boolean
  /** Whether attackers may choose source addresses 127.6.6.x: Linux, and a broker on loopback. */
  readonly chooseAddresses?: boolean
}

export interface PlannedAttack {
  readonly attack: AttackId
  readonly expectedDetector: string
  /** ms after the campaign's zero. */
  readonly startAtMs: number
  /** Latest detection that is to be expected, ms after the campaign's zero: the detectors' default windows and holds. */
  readonly expectedByMs: number
  readonly target: AttackTarget
}

export interface Campaign {
  /** The fleet with what the attacks need of their devices, e.g. a history to learn from: run this one. */
  readonly fleet: Fleet
  readonly attacks: readonly PlannedAttack[]
}

interface Slot {
  readonly attack: AttackId
  /** Shares of the campaign's span. */
  readonly start: number
  readonly length: number
  /** From the start of the attack to its detection at the latest, ms. */
  readonly detectionMs: number
}

/**
 * Silence comes first and lasts longest because it is found last (55 of the device's intervals and a hold of 5 s); replay listens before it speaks; flood comes late because the
 * device's own rate is learned from three bins of ten seconds.
 */
const slots: readonly Slot[] = [
  { attack: 'silence', start: 0, length: 1, detectionMs: 66_000 },
  { attack: 'credential-brute-force', start: 0.02, length: 0.1, detectionMs: 15_000 },
  { attack: 'level-shift', start: 0.08, length: 0.8, detectionMs: 30_000 },
  { attack: 'replay', start: 0.1, length: 0.6, detectionMs: 36_000 },
  { attack: 'topic-abuse', start: 0.14, length: 0.13, detectionMs: 10_000 },
  { attack: 'rogue-device', start: 0.2, length: 0.08, detectionMs: 5_000 },
  { attack: 'implausible-vitals', start: 0.24, length: 0.55, detectionMs: 25_000 },
  { attack: 'identity-spraying', start: 0.3, length: 0.12, detectionMs: 15_000 },
  { attack: 'cloned-identity', start: 0.38, length: 0.35, detectionMs: 20_000 },
  { attack: 'flood', start: 0.62, length: 0.3, detectionMs: 12_000 },
]
/** A cut connection is given a minute of grace besides. */
const siteSilenceSlot: Slot = { attack: 'site-silence', start: 0.05, length: 1, detectionMs: 130_000 }

/** An hour of trends, one each 15 s: 240 readings. Fewer than 400, so that bringing them is no flood by any rule. */
const history = { historyMs: 3_600_000, historyIntervalMs: 15_000 } as const

const shuffled = <T>(random: Random, items: readonly T[]): T[] => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.integer(0, i)
    const held = out[i]!
    out[i] = out[j]!
    out[j] = held
  }
  return out
}

const smallestSite = (fleet: Fleet): string | null => {
  const quick = new Map<string, number>()
  for (const { site, intervalMs } of fleet.devices) if (intervalMs <= 5_000) quick.set(site, (quick.get(site) ?? 0) + 1)
  const enough = [...quick].filter(([, devices]) => devices >= 3).sort((a, b) => a[1] - b[1])
  return enough.length < 2 ? null : enough[0]![0]
}

/**
 * Draws the victims and the times of a campaign in which each attack happens once. Devices are distinct, speak Wardwatch JSON (SenML has no
 * message counter) and report each second. Throws `RangeError` when the fleet has too few, or nobody who signs in by password.
 */
export const planCampaign = (options: CampaignPlanOptions): Campaign => {
  const { fleet, seed, startAtMs = 15_000, endByMs = 75_000, siteSilence = false, chooseAddresses = true } = options
  const spanMs = endByMs - startAtMs
  if (!(spanMs >= 20_000)) throw new RangeError(`a campaign needs at least 20 s, not ${spanMs} ms`)
  const random = randomFor(seed, 'campaign')
  const cutOff = siteSilence ? smallestSite(fleet) : null
  if (siteSilence && cutOff === null) throw new RangeError('no second site with three devices that report each 5 s or quicker')

  const usable = ({ site, protocol, credential, intervalMs, profile }: DeviceSpec): boolean =>
    site !== cutOff && protocol === 'wardwatch-json' && credential === 'certificate' && profile === 'bedside-monitor' && intervalMs <= 1_000
  const monitors = shuffled(random, fleet.devices.filter(usable))
  const legacy = fleet.devices.filter(({ credential, site }) => credential === 'password' && site !== cutOff)
  const planned = siteSilence ? [...slots, siteSilenceSlot].sort((a, b) => a.start - b.start) : slots
  const victims = new Map<AttackId, DeviceSpec>()
  for (const { attack } of planned) {
    if (attack === 'credential-brute-force') {
      if (legacy.length === 0)
        throw new RangeError('guessing and spraying need a device that signs in by password: plan the fleet with passwordDevices')
      victims.set(attack, random.pick(legacy))
    } else if (attack !== 'rogue-device' && attack !== 'identity-spraying' && attack !== 'site-silence') {
      const next = monitors.pop()
      if (next === undefined)
        throw new RangeError(`the fleet has no bedside monitor left for ${attack}: it needs seven that speak wardwatch-json`)
      victims.set(attack, next)
    }
  }
  const taken = new Set([...victims.values()].map(({ device }) => device))
  const bystanders = shuffled(
    random,
    fleet.devices.filter(({ device, site }) => !taken.has(device) && site !== cutOff),
  ).map(({ device }) => device)

  const drawn = planned.map(({ attack, start, length, detectionMs }, i): PlannedAttack => {
    const jitter = random.between(0, 0.02)
    const beginMs = Math.round(startAtMs + (start === 0 ? 0 : start + jitter) * spanMs)
    const victim = victims.get(attack)
    const { fromOutside: outside, expectedDetector: expects } = attacks[attack]
    return {
      attack,
      expectedDetector: expects,
      startAtMs: beginMs,
      expectedByMs: beginMs + Math.max(detectionMs, attack === 'replay' ? length * spanMs : 0),
      target: {
        device: victim?.device ?? null,
        site: attack === 'site-silence' ? cutOff : (victim?.site ?? null),
        address: outside && chooseAddresses ? `127.6.6.${i + 1}` : null,
        others: attack === 'topic-abuse' ? bystanders.slice(0, 4) : attack === 'identity-spraying' ? bystanders.slice(4, 12) : [],
        // A silence that ended before it is noticed would be none: it may outlast the window.
        durationMs:
          expects === 'silence' ? Math.max(detectionMs, endByMs - beginMs) : Math.round(Math.min(length * spanMs, endByMs - beginMs)),
      },
    }
  })
  const learner = victims.get('level-shift')?.device
  return { fleet: withDevices(fleet, ({ device }) => (device === learner ? history : undefined)), attacks: drawn }
}

/** Runs a campaign to its end, or until the context's signal. `zeroAtMs` is what its times count from. An attack that fails is logged; the others go on. */
export const runCampaign = async (campaign: Campaign, context: AttackContext, zeroAtMs: number): Promise<void> => {
  await Promise.all(
    campaign.attacks.map(async ({ attack, startAtMs, target }) => {
      if (!(await context.scheduler.sleep(zeroAtMs + startAtMs - context.scheduler.now(), context.signal))) return
      try {
        await attacks[attack].run(context, target)
      } catch (error) {
        context.logger.error({ attack, target, error: String(error) }, 'an attack failed')
      }
    }),
  )
}
