import type { UplinkLeaf } from '../contracts/mqtt-topics.ts'
import { type SourceMessage, createDeviceSource } from './device-source.ts'
import type { DeviceSpec } from './device-spec.ts'
import { mergeByTime } from './merge-by-time.ts'
import { type Random, randomFor } from './prng.ts'

interface Lived {
  /** When the broker has it, ms. */
  readonly atMs: number
  readonly device: string
  readonly site: string
  readonly model: string
  readonly session: string
  readonly address: string
}

/** What a broker would see of a healthy device: its messages, and how its sessions come and go. */
export type LifeEvent =
  | (Lived & { readonly kind: 'message'; readonly leaf: UplinkLeaf; readonly payload: Buffer; readonly redelivered: boolean })
  | (Lived & {
      readonly kind: 'session'
      readonly event: 'connect' | 'takeover' | 'will' | 'disconnect' | 'subscribe'
      readonly reason: string | null
    })

export interface HealthyLifeOptions {
  readonly devices: readonly DeviceSpec[]
  readonly startAtMs: number
  readonly durationMs: number
}

/**
 * How the network treats a kind of device: mean time between losses, mean and longest length of one, ms. A longer one is no part of healthy
 * life: a monitor is wired (a switch fails over in seconds), a wearable's patient comes back from the corridor, and if not somebody should look.
 */
const networks = {
  'bedside-monitor': { lossEveryMs: 6 * 3_600_000, lossMs: 6_000, lossMsMax: 20_000, latencyMs: 12, roams: false },
  wearable: { lossEveryMs: 40 * 60_000, lossMs: 45_000, lossMsMax: 240_000, latencyMs: 90, roams: true },
  'infusion-pump': { lossEveryMs: 3 * 3_600_000, lossMs: 25_000, lossMsMax: 120_000, latencyMs: 40, roams: true },
  'glucose-sensor': { lossEveryMs: 3 * 3_600_000, lossMs: 4 * 60_000, lossMsMax: 15 * 60_000, latencyMs: 150, roams: false },
} as const

const keepAliveMs = 60_000
const backlogMax = 1_000
/** At most 40 backlog messages a second. */
const backlogPaceMs = 25
const rebootShare = 0.06

/** An hour (or any stretch) of a healthy fleet without MQTT and as fast as it can be computed, in time order. Deterministic. */
export const healthyLife = ({ devices, startAtMs, durationMs }: HealthyLifeOptions): Generator<LifeEvent> =>
  mergeByTime(devices.map((spec, i) => until(startAtMs + durationMs, deviceLife(spec, i, startAtMs, startAtMs + durationMs))))

/** What would come after the end is not part of it: a lone late event would make everyone else look silent. */
function* until(endAtMs: number, events: Iterable<LifeEvent>): Generator<LifeEvent> {
  for (const event of events) {
    if (event.atMs >= endAtMs) return
    yield event
  }
}

const addressOf = (random: Random, site: string): string =>
  `10.${20 + (site.length % 200)}.${random.integer(0, 15)}.${random.integer(2, 250)}`

function* deviceLife(spec: DeviceSpec, index: number, startAtMs: number, endAtMs: number): Generator<LifeEvent> {
  const random = randomFor(spec.seed, spec.device, 'life')
  const network = networks[spec.profile]
  const source = createDeviceSource(spec, startAtMs)
  let address = addressOf(random, spec.site)
  let sessions = 0
  let outMs = startAtMs + random.between(0, 400)
  const unsure: SourceMessage[] = []

  const base = (atMs: number): Lived => {
    outMs = Math.max(Math.floor(atMs), outMs)
    const { device, site, model } = spec
    return { atMs: outMs, device, site, model, session: `life-${index}-${sessions}`, address }
  }
  type SessionEvent = Extract<LifeEvent, { kind: 'session' }>['event']
  const session = (atMs: number, event: SessionEvent, reason: string | null = null): LifeEvent => ({
    kind: 'session',
    ...base(atMs),
    event,
    reason,
  })
  const message = ({ leaf, payload }: SourceMessage, atMs: number, redelivered: boolean): LifeEvent => ({
    kind: 'message',
    ...base(atMs),
    leaf,
    payload,
    redelivered,
  })
  // In the order in which the edge tells them: the new session takes over, the old one ends, the new one is there.
  function* connect(atMs: number, contested: boolean): Generator<LifeEvent> {
    const before = { session: `life-${index}-${sessions}`, address }
    sessions++
    if (network.roams && sessions > 1 && random.chance(0.4)) address = addressOf(random, spec.site)
    if (contested) {
      yield session(atMs, 'takeover')
      yield { ...session(atMs, 'will'), ...before }
      yield { ...session(atMs, 'disconnect', 'taken-over'), ...before }
    }
    yield session(atMs, 'connect')
    yield session(atMs + 5, 'subscribe')
  }
  function* send(made: SourceMessage): Generator<LifeEvent> {
    yield message(made, Math.max(made.atMs + network.latencyMs * random.between(0.6, 1.8), outMs + backlogPaceMs), false)
    unsure.push(made)
    if (unsure.length > 3) unsure.shift()
  }

  yield* connect(Math.min(outMs, source.nextAtMs), false)
  let lossAtMs = source.nextAtMs + random.exponential(network.lossEveryMs)
  while (source.nextAtMs < endAtMs) {
    if (source.nextAtMs < lossAtMs) {
      for (const made of source.next()) yield* send(made)
      continue
    }
    const reboot = random.chance(rebootShare)
    const foundAtMs =
      lossAtMs + (reboot ? random.between(30_000, 70_000) : Math.min(network.lossMsMax, 2_000 + random.exponential(network.lossMs)))
    const backAtMs = Math.max(outMs, foundAtMs) + random.between(300, 4_000)
    const noticedAtMs = lossAtMs + 1.5 * keepAliveMs
    let noticed = true
    if (reboot) yield session(lossAtMs, 'disconnect', 'client')
    else if (noticedAtMs < backAtMs) {
      yield session(noticedAtMs, 'will')
      yield session(noticedAtMs, 'disconnect', 'keep-alive')
    } else noticed = false
    const backlog: SourceMessage[] = []
    while (source.nextAtMs < Math.min(backAtMs, endAtMs)) {
      const made = source.next()
      // While it is switched off nothing is made; what does not fit is the oldest.
      if (!reboot) backlog.push(...made)
      if (backlog.length > backlogMax) backlog.splice(0, backlog.length - backlogMax)
    }
    if (backAtMs >= endAtMs) return
    if (reboot) source.reboot()
    yield* connect(backAtMs, !noticed)
    // Its last acknowledgements were lost on the way: it sends those again, marked DUP.
    const again = reboot ? [] : unsure.slice(unsure.length - random.integer(0, unsure.length))
    for (const made of again) yield message(made, outMs + backlogPaceMs, true)
    for (const made of backlog) yield* send(made)
    lossAtMs = backAtMs + random.exponential(network.lossEveryMs)
  }
}
