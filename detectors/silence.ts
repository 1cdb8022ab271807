import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import type { Presence } from '../contracts/observation.ts'
import { decimal, span, sureness } from './math/decimal.ts'

const devicesMax = 20_000
/** Of device ids: what keeps the state under its bound when ids are long. */
const idCharactersMax = 600_000
const waitingMax = 256
const paces = 8
/** Who falls silent this long after many did is one of them. */
const togetherMs = 60_000

/** A device's standing; kept as pace * 4 + standing, so that an entry is its id and one or two digits. */
const heard = 0
const waiting = 1
const told = 2
/** Silent together with its site: not told by itself, unless it is still silent after the site is back. */
const covered = 3

const counts = z.array(z.number()).length(paces)
const state = z.object({
  devices: z.record(z.string(), z.number()),
  characters: z.number(),
  /** Devices, and how many of them are silent, by pace: each is four times slower than the one before. */
  known: counts,
  silent: counts,
  /** Silences that are held: device, since when, its interval and when it was told, ms. The oldest first. */
  held: z.array(z.tuple([z.string(), z.number(), z.number(), z.number()])).max(waitingMax),
  /** When the site was told to be quiet, ms; 0 when it is not. */
  quietAt: z.number(),
  /** The slowest pace that was silent with it. */
  quietPace: z.number(),
  /** When many were last told together, ms; 0 for never: who follows within a minute is one of them. */
  togetherAt: z.number(),
  /** When devices that stayed silent after their site came back are told, ms; 0 for never. */
  recheckAt: z.number(),
})
type State = z.infer<typeof state>

interface Parameters {
  readonly holdMs: number
  readonly siteShareMin: number
  readonly siteDevicesMin: number
  readonly togetherMin: number
  readonly aftermathMs: number
}

/**
 * Devices that are not heard when they should be: one finding a device and absence, or one for the site when most of those that should have
 * been heard by now are silent. Presence comes from `derivations/presence.ts`. ICS T0804 (block reporting message), T0815 (denial of view).
 */
export default defineDetector({
  id: 'silence',
  version: 1,
  title: 'Silence',
  keyedBy: 'cohort',
  severity: 'medium',
  attack: ['T0804', 'T0815'],
  controls: ['A.8.14', 'A.8.16', 'A.5.30'],
  accepts: ['presence'],
  parameters: z.object({
    /** How long an absence is held, so that a site's common silence can show. */
    holdMs: z.int().min(0).default(5_000),
    /** Share of the devices as quick as this one, or quicker, from which it is the site that is quiet. */
    siteShareMin: z.number().min(0.05).max(1).default(0.5),
    /** A site needs so many silent devices to be quiet. */
    siteDevicesMin: z.int().min(2).default(3),
    /** So many absences in one hold are one finding about the site, whatever its size: an access point or a switch. */
    togetherMin: z.int().min(2).max(waitingMax).default(10),
    /** Devices silent this long after their site came back are told one by one. */
    aftermathMs: z.int().min(1_000).default(300_000),
  }),
  state,
  stateBytesMax: 1_048_576,
  initial: (): State => ({
    devices: {},
    characters: 0,
    known: new Array<number>(paces).fill(0),
    silent: new Array<number>(paces).fill(0),
    held: [],
    quietAt: 0,
    quietPace: 0,
    togetherAt: 0,
    recheckAt: 0,
  }),
  observe(state, presence, parameters, context) {
    if (presence.state === 'present') isHeard(state, presence, parameters)
    else isSilent(state, presence, parameters, context)
    wake(state, parameters, context)
  },
  onTimer(state, parameters, context) {
    const { nowMs } = context
    let due = 0
    while (due < state.held.length && state.held[due]![3] + parameters.holdMs <= nowMs) due++
    // Many at once are judged at once, the late ones of them too.
    if (due > 0 && state.held.length >= parameters.togetherMin) due = state.held.length
    if (due > 0) judge(state, state.held.splice(0, due), parameters, context)
    if (state.recheckAt > 0 && state.recheckAt <= nowMs) recheck(state, context)
    wake(state, parameters, context)
  },
})

const wake = (state: State, { holdMs }: Parameters, context: DetectorContext): void => {
  const held = state.held.length > 0 ? state.held[0]![3] + holdMs : Infinity
  const next = Math.min(held, state.recheckAt > 0 ? state.recheckAt : Infinity)
  if (next < Infinity) context.wakeAt(next)
}

const standingOf = (state: State, device: string): number => (Object.hasOwn(state.devices, device) ? state.devices[device]! : -1)

/** 0 for up to 4 s between readings, 1 up to 16 s, ... 7 from 4.5 h on. */
const paceOf = (intervalMs: number): number => {
  let pace = 0
  for (let ms = 4_000; ms < intervalMs && pace < paces - 1; ms *= 4) pace++
  return pace
}

const isHeard = (state: State, { device, receivedAt, expectedIntervalMs }: Presence, { siteShareMin, aftermathMs }: Parameters): void => {
  const before = standingOf(state, device)
  if (before < 0) {
    if (state.characters + device.length > idCharactersMax || state.known.reduce((sum, n) => sum + n, 0) >= devicesMax) return
    state.characters += device.length
  } else forgetCounts(state, device, before)
  const pace = paceOf(expectedIntervalMs)
  state.devices[device] = pace * 4 + heard
  state.known[pace] = state.known[pace]! + 1
  if (state.quietAt === 0 || shareSilent(state, state.quietPace).share >= siteShareMin / 2) return
  state.quietAt = 0
  state.recheckAt = receivedAt + aftermathMs
}

const isSilent = (state: State, presence: Presence, parameters: Parameters, context: DetectorContext): void => {
  const { device, since, receivedAt, expectedIntervalMs } = presence
  const before = standingOf(state, device)
  if (expectedIntervalMs === 0) {
    // It signed off: the site no longer waits for it.
    if (before < 0) return
    forgetCounts(state, device, before)
    delete state.devices[device]
    state.characters -= device.length
    return
  }
  // Not known (the site is full), or told twice after a crash.
  if (before < 0 || before % 4 !== heard) return
  const pace = Math.floor(before / 4)
  state.devices[device] = pace * 4 + waiting
  state.silent[pace] = state.silent[pace]! + 1
  state.held.push([device, since, expectedIntervalMs, receivedAt])
  // So many at once are a site's matter: there is nothing to wait for.
  if (state.held.length === waitingMax) judge(state, state.held.splice(0), parameters, context)
}

/** Takes a device out of the counts, and out of what is held. */
const forgetCounts = (state: State, device: string, before: number): void => {
  const pace = Math.floor(before / 4)
  state.known[pace] = state.known[pace]! - 1
  if (before % 4 === heard) return
  state.silent[pace] = state.silent[pace]! - 1
  if (before % 4 !== waiting) return
  const i = state.held.findIndex(([held]) => held === device)
  if (i >= 0) state.held.splice(i, 1)
}

/** Of the devices as quick as `pace` or quicker: only they can have been missed by now. */
const shareSilent = (state: State, pace: number): { share: number; known: number; silent: number } => {
  let known = 0
  let silent = 0
  for (let p = 0; p <= pace; p++) {
    known += state.known[p]!
    silent += state.silent[p]!
  }
  return { share: known === 0 ? 0 : silent / known, known, silent }
}

const judge = (state: State, due: State['held'], parameters: Parameters, context: DetectorContext): void => {
  const { siteShareMin, siteDevicesMin, togetherMin, aftermathMs } = parameters
  const alone: State['held'] = []
  for (const silence of due) {
    const pace = Math.floor(standingOf(state, silence[0]) / 4)
    const { share, known, silent } = shareSilent(state, pace)
    const siteIsQuiet = silent >= siteDevicesMin && share >= siteShareMin
    state.devices[silence[0]] = pace * 4 + (siteIsQuiet ? covered : told)
    if (!siteIsQuiet) {
      alone.push(silence)
      continue
    }
    state.quietPace = state.quietAt === 0 ? pace : Math.max(state.quietPace, pace)
    state.recheckAt = 0
    if (state.quietAt === 0) {
      state.quietAt = silence[3]
      tellSite(silence, `${silent} of ${known} devices`, silent, known, share, siteShareMin, context)
    }
  }
  const follows = state.togetherAt > 0 && alone.length > 0 && alone[0]![3] - state.togetherAt <= togetherMs
  if (follows) {
    for (const [device] of alone) state.devices[device] = state.devices[device]! - told + covered
    return
  }
  if (alone.length >= togetherMin) {
    state.togetherAt = alone[0]![3]
    state.recheckAt = state.togetherAt + aftermathMs
    const { known, silent, share } = shareSilent(state, paces - 1)
    tellSite(alone[0]!, `${alone.length} devices together, now ${silent} of ${known}`, silent, known, share, siteShareMin, context)
    return
  }
  for (const [device, since, interval, toldAt] of alone) tellDevice(state, device, since, interval, toldAt, context)
}

const tellSite = (
  [, , , at]: State['held'][number],
  who: string,
  silent: number,
  known: number,
  share: number,
  shareMin: number,
  context: DetectorContext,
): void => {
  const site = context.key.startsWith('site:') ? context.key.slice(5) : context.key
  context.emit({
    score: sureness(share, shareMin),
    severity: 'high',
    why: `${who} at ${site} fell silent (${decimal(share * 100, 0)} % of those that should have been heard), which speaks of its network or power rather than of each device.`,
    evidence: [
      { feature: 'silent devices', observed: silent, expected: 0, unit: `of ${known}` },
      { feature: 'first noticed', observed: at, expected: 'none', unit: 'ms' },
    ],
    site,
  })
}

const tellDevice = (state: State, device: string, since: number, interval: number, toldAt: number, context: DetectorContext): void => {
  const { silent, known } = shareSilent(state, paces - 1)
  const quietMs = Math.max(0, toldAt - since)
  context.emit({
    score: sureness(quietMs, Math.max(1, interval) * 2),
    device,
    why: `${device} has not been heard for ${span(quietMs)} though it reports each ${span(interval)}; ${silent - 1} of the other ${known - 1} devices of its site are silent too.`,
    evidence: [
      { feature: 'not heard for', observed: quietMs, expected: interval, unit: 'ms' },
      { feature: 'silent devices at the site', observed: silent, expected: 0, unit: `of ${known}` },
    ],
    site: context.key.startsWith('site:') ? context.key.slice(5) : null,
  })
}

/** The site has been back for a while: who is still silent is so by itself. */
const recheck = (state: State, context: DetectorContext): void => {
  state.recheckAt = 0
  const still: string[] = []
  for (const device of Object.keys(state.devices)) {
    const standing = state.devices[device]!
    if (standing % 4 !== covered) continue
    state.devices[device] = standing - covered + told
    still.push(device)
  }
  if (still.length === 0) return
  const { silent, known } = shareSilent(state, paces - 1)
  for (const device of still.slice(0, 50)) {
    context.emit({
      score: 0.7,
      device,
      why: `${device} is still silent though its site is heard again; it is one of ${silent} silent devices of ${known}.`,
      evidence: [{ feature: 'silent devices at the site', observed: silent, expected: 0, unit: `of ${known}` }],
      site: context.key.startsWith('site:') ? context.key.slice(5) : null,
    })
  }
}
