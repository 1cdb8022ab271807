import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import type { Reading } from '../contracts/observation.ts'
import { decimal, span, sureness } from './math/decimal.ts'
import { addToEwma, ewma, ewmaState } from './math/ewma.ts'

const state = z.object({
  /** Number of the bin that is being counted: time divided by `binMs`; readings and bytes in it. */
  bin: z.number(),
  n: z.number(),
  bytes: z.number(),
  /** Learned readings and bytes of a bin. */
  usual: ewmaState,
  usualBytes: ewmaState,
  /** When the last reading came, ms, and its own time; the usual lag of its clock behind the edge's, ms. */
  heard: z.number(),
  time: z.number(),
  lagMs: z.number().nullable(),
  /** Readings of this bin that were a backlog's. */
  late: z.number(),
  /** Throttles by the broker in this bin. */
  throttled: z.number(),
  firedAt: z.number(),
})
type State = z.infer<typeof state>

interface Parameters {
  readonly factor: number
  readonly readingsFloor: number
  readonly bytesFloor: number
  readonly readingsCeiling: number
  readonly binMs: number
  readonly warmupBins: number
  readonly backlogLagMs: number
  readonly cooldownMs: number
}

/**
 * Far more readings, or bytes, than the device's own baseline. A backlog after time offline is none: its times are old, ascending and as far
 * apart as usual. MITRE ATT&CK T1499.002 (service exhaustion flood), ICS T0814 (denial of service).
 */
export default defineDetector({
  id: 'flood',
  version: 1,
  title: 'Flood',
  keyedBy: 'device',
  severity: 'high',
  attack: ['T1499.002', 'T0814'],
  controls: ['A.8.6', 'A.8.20', 'A.8.16'],
  accepts: ['reading', 'session'],
  parameters: z.object({
    /** Times the baseline. */
    factor: z.number().min(2).default(8),
    /** Readings in a bin that are never a flood for a device with a baseline: a slow device's doubling is none. */
    readingsFloor: z.int().min(1).default(50),
    /** The same in bytes. */
    bytesFloor: z.int().min(1).default(262_144),
    /** Readings in a bin that are a flood even before a baseline is known. */
    readingsCeiling: z.int().min(1).default(500),
    binMs: z.int().min(1_000).default(10_000),
    /** Bins heard before the baseline counts. */
    warmupBins: z.int().min(1).max(30).default(3),
    /** How much more than usual a reading's time lags behind the edge's clock to be from a backlog. */
    backlogLagMs: z.int().min(0).default(20_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 400,
  initial: (): State => ({
    bin: 0,
    n: 0,
    bytes: 0,
    usual: ewma(),
    usualBytes: ewma(),
    heard: 0,
    time: 0,
    lagMs: null,
    late: 0,
    throttled: 0,
    firedAt: 0,
  }),
  observe(state, observation, parameters, context) {
    const at = observation.receivedAt
    if (observation.kind === 'session') {
      if (observation.event !== 'throttled') return
      turn(state, at, parameters)
      // A long backlog is throttled too.
      if (state.late > state.n) return
      // What the broker holds back was sent all the same: its rate counts.
      state.throttled++
      if (observation.reason === 'publish-rate') state.n += Math.max(1, Math.min(observation.amount ?? 1, parameters.readingsFloor))
      check(state, at, observation.site, parameters, context)
      return
    }
    turn(state, at, parameters)
    if (isBacklog(state, observation, parameters)) {
      state.late++
      return
    }
    state.n++
    state.bytes += observation.bytes
    if (state.n > parameters.readingsFloor || state.bytes > parameters.bytesFloor) check(state, at, observation.site, parameters, context)
  },
})

/** Closes the bin when `at` lies beyond it, and learns from it. A bin that was a flood teaches no more than twice the baseline. */
const turn = (state: State, at: number, { binMs, warmupBins, readingsCeiling, bytesFloor }: Parameters): void => {
  const bin = Math.floor(at / binMs)
  if (bin <= state.bin) return
  if (state.n > 0) {
    const { usual, usualBytes } = state
    // Silent bins in between belong to a slow device's rhythm; a long absence does not, nor any of a device that is heard in every bin.
    const rhythm = usual[2] === 0 || usual[0] <= 0 ? 6 : Math.min(6, Math.max(1, Math.ceil(4 / usual[0])))
    const bins = Math.min(bin - state.bin, rhythm)
    // The first bin is a part of one: what follows is not measured by it until there is a baseline.
    const learning = usual[2] < warmupBins
    const n = state.n / bins
    const bytes = state.bytes / bins
    addToEwma(usual, Math.min(n, learning ? readingsCeiling : usual[0] * 2 + 1), 30, 100)
    addToEwma(usualBytes, Math.min(bytes, learning ? bytesFloor * 10 : usualBytes[0] * 2 + 1), 30, 1)
  }
  state.bin = bin
  state.n = 0
  state.bytes = 0
  state.throttled = 0
  state.late = 0
}

/** Behind the edge's clock and catching up, in strides of the device's own rhythm. */
const isBacklog = (state: State, reading: Reading, { backlogLagMs, warmupBins, binMs }: Parameters): boolean => {
  const time = reading.deviceTime
  if (time === null) return false
  const lag = reading.receivedAt - time
  const apart = time - state.time
  const first = state.time === 0
  const gap = reading.receivedAt - state.heard
  state.heard = reading.receivedAt
  state.time = time
  const usualLag = state.lagMs ?? 0
  if (lag > usualLag + backlogLagMs) {
    if (first) return true
    const usualApartMs = state.usual[2] >= warmupBins && state.usual[0] > 0 ? binMs / state.usual[0] : 200
    if (apart > gap * 2 && apart * 2 >= usualApartMs) return true
  }
  // The clock's error is learned as the smallest lag, and slowly forgotten: a drifting clock stays known.
  state.lagMs = state.lagMs === null || lag < state.lagMs ? lag : Math.round(state.lagMs + (lag - state.lagMs) / 64)
  return false
}

const check = (state: State, at: number, site: string | null, parameters: Parameters, context: DetectorContext): void => {
  const { factor, readingsFloor, bytesFloor, readingsCeiling, binMs, warmupBins, cooldownMs } = parameters
  const known = state.usual[2] >= warmupBins
  const limit = known ? Math.max(readingsFloor, factor * state.usual[0]) : readingsCeiling
  const bytesLimit = known ? Math.max(bytesFloor, factor * state.usualBytes[0]) : bytesFloor * 10
  if (state.n <= limit && state.bytes <= bytesLimit) return
  if (state.firedAt > 0 && at - state.firedAt < cooldownMs) return
  state.firedAt = at
  const usual = known ? `${decimal(state.usual[0])} readings and ${decimal(state.usualBytes[0], 0)} bytes` : 'not learned yet'
  const throttled = state.throttled === 0 ? '' : `, and the broker throttled it ${state.throttled} times`
  context.emit({
    score: sureness(Math.max(state.n / limit, state.bytes / bytesLimit), 1),
    why: `${context.key} sent ${state.n} readings and ${state.bytes} bytes so far in ${span(binMs)}${throttled}; its own usual is ${usual}, the limit ${decimal(limit, 0)} readings or ${decimal(bytesLimit, 0)} bytes.`,
    evidence: [
      { feature: 'readings', observed: state.n, expected: known ? state.usual[0] : limit, unit: `1/${span(binMs)}` },
      { feature: 'bytes', observed: state.bytes, expected: known ? state.usualBytes[0] : bytesLimit, unit: `1/${span(binMs)}` },
      { feature: 'throttles', observed: state.throttled, expected: 0, unit: `1/${span(binMs)}` },
    ],
    site,
  })
}
