import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { Reading } from '../contracts/observation.ts'
import { span, sureness } from './math/decimal.ts'
import { coverSequence, sequenceCover, sequenceCoverState } from './math/sequence-cover.ts'

const hashesMax = 48
/** 24 bits of a payload's hash are kept: short in JSON, and a chance match is one in 350,000 per look. */
const short = (hash: number): number => hash & 0xffffff

const state = z.object({
  /** Sequence numbers seen since the device's counter last restarted; null before the first. */
  cover: sequenceCoverState.nullable(),
  /** Device time of the first and of the highest number, ms. */
  timeFrom: z.number(),
  timeHigh: z.number(),
  /** Payload hashes of the newest readings: a ring, and where the next goes. */
  hashes: z.array(z.number()).max(hashesMax),
  next: z.number(),
  /** When it last connected, ms; the highest number then; the highest that came again since. */
  connectedAt: z.number(),
  connectedHigh: z.number(),
  againHigh: z.number(),
  /** How many of those were let pass as a redelivery. */
  passed: z.number(),
  /** Readings in a row whose clock stands before everything heard. */
  lost: z.number(),
  /** Replayed readings in the window, how many of them byte for byte, and when the window began, ms. */
  replayed: z.number(),
  identical: z.number(),
  since: z.number(),
  firedAt: z.number(),
})
type State = z.infer<typeof state>

/**
 * Old readings published again: the sequence number was seen, the device's clock stands before the newest reading's, and mostly the
 * payload is one that came already. A QoS 1 redelivery (MQTT 3.1.1, 4.4) repeats the newest in order after a connect; a backlog after
 * time offline brings numbers that were never seen. ICS T0856 (spoof reporting message), T1557 (adversary in the middle).
 */
export default defineDetector({
  id: 'replay',
  version: 1,
  title: 'Replay',
  keyedBy: 'device',
  severity: 'high',
  attack: ['T0856', 'T1557', 'T0830'],
  controls: ['A.8.24', 'A.8.20', 'A.8.16'],
  accepts: ['reading', 'session'],
  parameters: z.object({
    /** Replayed readings in the window. */
    readingsMin: z.int().min(1).default(3),
    windowMs: z.int().min(1_000).default(600_000),
    /** How many of the newest numbers may come again after a connect: the in-flight window of QoS 1. */
    inFlightMax: z.int().min(0).default(64),
    /** For how long after a connect they may. */
    redeliveryMs: z.int().min(0).default(30_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 1_100,
  initial: (): State => ({
    cover: null,
    timeFrom: 0,
    timeHigh: 0,
    hashes: [],
    next: 0,
    connectedAt: 0,
    connectedHigh: 0,
    againHigh: -1,
    passed: 0,
    lost: 0,
    replayed: 0,
    identical: 0,
    since: 0,
    firedAt: 0,
  }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') {
      if (observation.event !== 'connect') return
      state.connectedAt = observation.receivedAt
      state.connectedHigh = state.cover === null ? 0 : state.cover.high
      state.againHigh = -1
      state.passed = 0
      return
    }
    const verdict = judge(state, observation, parameters.inFlightMax, parameters.redeliveryMs)
    if (verdict === 'redelivered') return
    if (verdict === 'new' || verdict === 'unmasked') remember(state, observation.payloadHash)
    if (verdict === 'new') return
    const at = observation.receivedAt
    if (state.replayed === 0 || at - state.since > parameters.windowMs) {
      state.since = at
      state.replayed = 0
      state.identical = 0
    }
    const more = verdict === 'unmasked' ? state.passed : 1
    state.replayed += more
    if (verdict !== 'seen') state.identical += more
    if (verdict === 'unmasked') state.passed = 0
    if (state.replayed < parameters.readingsMin || (state.firedAt > 0 && at - state.firedAt < parameters.cooldownMs)) return
    state.firedAt = at
    const behindMs = observation.deviceTime === null ? 0 : Math.max(0, state.timeHigh - observation.deviceTime)
    const numbers =
      observation.seq === null || state.cover === null
        ? ''
        : `, the last with sequence number ${observation.seq} where ${state.cover.high + 1} was due`
    context.emit({
      score: sureness(state.replayed + state.identical, parameters.readingsMin),
      why: `${state.replayed} old readings of ${context.key} came again within ${span(at - state.since)}, ${state.identical} of them byte for byte${numbers} and its clock ${span(behindMs)} behind the newest; a redelivery repeats at most the last ${parameters.inFlightMax} after a connect.`,
      evidence: [
        { feature: 'replayed readings', observed: state.replayed, expected: 0, unit: `1/${span(parameters.windowMs)}` },
        { feature: 'byte for byte', observed: state.identical, expected: 0, unit: '1' },
        {
          feature: 'sequence number',
          observed: observation.seq ?? 'none',
          expected: state.cover === null ? 'none' : state.cover.high + 1,
          unit: 'seq',
        },
        { feature: 'device clock behind the newest', observed: behindMs, expected: 0, unit: 'ms' },
      ],
      site: observation.site,
    })
  },
})

/** `unmasked`: new itself, but what passed as a redelivery before it did not run up to the newest, as a redelivery does. */
type Verdict = 'new' | 'redelivered' | 'seen' | 'identical' | 'unmasked'

const judge = (state: State, reading: Reading, inFlightMax: number, redeliveryMs: number): Verdict => {
  const { seq, deviceTime } = reading
  if (seq === null) return judgeByTime(state, reading)
  if (state.cover === null) return restart(state, seq, deviceTime)
  const high = state.cover.high
  if (seq > high) {
    coverSequence(state.cover, seq)
    if (deviceTime !== null) state.timeHigh = deviceTime
    state.lost = 0
    if (state.passed === 0) return 'new'
    if (state.againHigh < state.connectedHigh) return 'unmasked'
    state.passed = 0
    return 'new'
  }
  // The newest at once again: a device that says everything twice, or the end of a redelivery.
  if (seq === high && deviceTime === state.timeHigh) {
    state.againHigh = seq
    return 'redelivered'
  }
  // A counter that starts again while the clock goes on is a restarted device.
  if (deviceTime !== null && deviceTime > state.timeHigh) return restart(state, seq, deviceTime)
  if (!coverSequence(state.cover, seq)) return 'new'
  if (seq > high - inFlightMax && seq > state.againHigh) {
    if (reading.redelivered || (seq <= state.connectedHigh && reading.receivedAt - state.connectedAt <= redeliveryMs)) {
      state.againHigh = seq
      state.passed++
      return 'redelivered'
    }
  }
  const identical = isRemembered(state, reading.payloadHash)
  if (identical) return 'identical'
  // Without the same bytes the clock decides: inside the stretch that was heard it is a replay, before it a device that lost its clock.
  if (deviceTime !== null && deviceTime >= state.timeFrom) return 'seen'
  state.lost++
  return deviceTime === null || state.lost > 2 ? restart(state, seq, deviceTime) : 'new'
}

/** Without a counter: the same bytes again, with a time of their own that is not the newest. */
const judgeByTime = (state: State, reading: Reading): Verdict => {
  const { deviceTime } = reading
  if (deviceTime === null) return 'redelivered'
  if (deviceTime > state.timeHigh) {
    state.timeHigh = deviceTime
    return 'new'
  }
  if (reading.redelivered || deviceTime === state.timeHigh) return 'redelivered'
  return isRemembered(state, reading.payloadHash) ? 'identical' : 'new'
}

const restart = (state: State, seq: number, deviceTime: number | null): Verdict => {
  state.cover = sequenceCover(seq)
  state.timeFrom = deviceTime ?? 0
  state.timeHigh = deviceTime ?? 0
  state.connectedHigh = 0
  state.againHigh = -1
  state.passed = 0
  state.lost = 0
  return 'new'
}

const remember = (state: State, hash: number): void => {
  state.hashes[state.next] = short(hash)
  state.next = state.next + 1 === hashesMax ? 0 : state.next + 1
}

const isRemembered = (state: State, hash: number): boolean => state.hashes.includes(short(hash))
