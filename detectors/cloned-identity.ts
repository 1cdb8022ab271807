import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import type { Session } from '../contracts/observation.ts'
import { span, sureness } from './math/decimal.ts'
import { followPair, streamPair, streamPairState } from './math/stream-pair.ts'

const addressesMax = 4
const hopsMax = 12

const state = z.object({
  /** The address it spoke from last. */
  address: z.string().nullable(),
  /** Its live session; null after its end. */
  session: z.string().nullable(),
  /** Addresses before, the newest last, each with when it was left, ms. */
  left: z.array(z.tuple([z.string(), z.number()])).max(addressesMax),
  /** Moves to an address that it had left before: when, ms, and 1 for a session that was cut off by it, else 0. */
  hops: z.array(z.tuple([z.number(), z.number()])).max(hopsMax),
  pair: streamPairState,
  firedAt: z.number(),
})
type State = z.infer<typeof state>

interface Parameters {
  readonly takeoversMin: number
  readonly movesMin: number
  readonly alternationsMin: number
  readonly windowMs: number
  readonly cooldownMs: number
}

/**
 * One identity used by two: sessions that wrest it from each other between two addresses, or two message counters that alternate.
 * Roaming goes on and does not come back again and again; a restarted counter never goes back.
 * MITRE ATT&CK T1552.004 (private keys), T1649 (stolen certificates), T1078 (valid accounts).
 */
export default defineDetector({
  id: 'cloned-identity',
  version: 1,
  title: 'Cloned identity',
  keyedBy: 'device',
  severity: 'critical',
  attack: ['T1552.004', 'T1649', 'T1078'],
  controls: ['A.5.16', 'A.5.17', 'A.8.5', 'A.8.24'],
  accepts: ['session', 'reading'],
  parameters: z.object({
    /** Moves between addresses that each cut off a live session, the first included. */
    takeoversMin: z.int().min(2).default(3),
    /** Moves in all, the orderly ones too. */
    movesMin: z.int().min(2).default(6),
    /** Returns from one message counter to the other. */
    alternationsMin: z.int().min(2).default(6),
    windowMs: z.int().min(1_000).default(300_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 1_400,
  initial: (): State => ({ address: null, session: null, left: [], hops: [], pair: streamPair(), firedAt: 0 }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') return moves(state, observation, parameters, context)
    if (observation.seq === null || observation.redelivered) return
    const { receivedAt, deviceTime } = observation
    if (!followPair(state.pair, observation.seq, deviceTime ?? receivedAt, receivedAt, 60_000, parameters.windowMs)) return
    const alternations = state.pair[4]
    if (alternations < parameters.alternationsMin || cooling(state, receivedAt, parameters)) return
    context.emit({
      score: sureness(alternations, parameters.alternationsMin),
      why: `Readings of ${context.key} went back and forth ${alternations} times within ${span(receivedAt - state.pair[5])} between two message counters, now ${state.pair[0]} and ${state.pair[2]}; one device has one counter and goes back 0 times.`,
      evidence: [
        { feature: 'returns to the other counter', observed: alternations, expected: 0, unit: '1' },
        { feature: 'counter', observed: state.pair[0], expected: state.pair[2] + 1, unit: 'seq' },
      ],
      site: observation.site,
    })
  },
})

const cooling = (state: State, at: number, { cooldownMs }: Parameters): boolean => {
  if (state.firedAt > 0 && at - state.firedAt < cooldownMs) return true
  state.firedAt = at
  return false
}

const moves = (state: State, session: Session, parameters: Parameters, context: DetectorContext): void => {
  const at = session.receivedAt
  if (session.event === 'disconnect' || session.event === 'will') {
    if (session.session === state.session) state.session = null
    return
  }
  if (session.event !== 'connect' && session.event !== 'takeover') return
  const from = state.address
  const contested = session.event === 'takeover' || (state.session !== null && state.session !== session.session)
  state.address = session.address
  state.session = session.session
  if (from === null) return
  if (from === session.address) {
    // A takeover and its connect are one move: whichever comes second only tells whether a live session was cut off.
    const last = state.hops.at(-1)
    if (!contested || session.event !== 'takeover' || last === undefined || last[1] === 1 || at - last[0] > 5_000) return
    last[1] = 1
  } else move(state, from, session.address, at, contested, parameters.windowMs)
  let takeovers = 0
  for (const hop of state.hops) takeovers += hop[1]
  const hops = state.hops.length
  const other = state.left.at(-1)?.[0] ?? from
  if ((takeovers < parameters.takeoversMin && hops < parameters.movesMin) || cooling(state, at, parameters)) return
  context.emit({
    score: sureness(takeovers + hops, parameters.takeoversMin),
    why: `${context.key} moved ${hops} times within ${span(at - state.hops[0]![0])} between ${other} and ${session.address}, cutting off a live session ${takeovers} times; a roaming device goes on and does not come back ${Math.min(parameters.takeoversMin, hops)} times.`,
    evidence: [
      { feature: 'takeovers between two addresses', observed: takeovers, expected: 0, unit: `1/${span(parameters.windowMs)}` },
      { feature: 'moves between them', observed: hops, expected: 1, unit: `1/${span(parameters.windowMs)}` },
      { feature: 'addresses', observed: `${other} ${session.address}`, expected: other, unit: 'address' },
      { feature: 'certificate', observed: session.fingerprint ?? 'none', expected: 'used from one address', unit: 'SHA-256' },
    ],
    site: session.site,
  })
}

const move = (state: State, from: string, to: string, at: number, contested: boolean, windowMs: number): void => {
  const { left, hops } = state
  while (left.length > 0 && left[0]![1] <= at - windowMs) left.shift()
  while (hops.length > 0 && hops[0]![0] <= at - windowMs) hops.shift()
  const known = left.findIndex(([address]) => address === to)
  if (known >= 0) left.splice(known, 1)
  // Somewhere new: the device goes on. What came before was roaming, unless it comes back.
  else hops.length = 0
  const again = left.findIndex(([address]) => address === from)
  if (again >= 0) left.splice(again, 1)
  if (left.length === addressesMax) left.shift()
  left.push([from, at])
  if (hops.length === hopsMax) hops.shift()
  hops.push([at, contested ? 1 : 0])
}
