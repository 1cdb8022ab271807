import { z } from 'zod'
import { defineDerivation } from '../../contracts/detector.ts'
import type { Presence, Session } from '../../contracts/observation.ts'
import { addGap, usualGap, usualGapState } from '../math/usual-gap.ts'

/** A sign-off that ended in time fills `naps` by this, a reading without one takes 1: a habit from `habit` on. */
const nap = { fill: 4, max: 12, habit: 8 }

const ended = { not: 0, lost: 1, signedOff: 2 }

const state = z.object({
  site: z.string(),
  /** When it was last heard, ms, and its own clock then (0 without one). */
  last: z.number(),
  time: z.number(),
  gap: usualGapState,
  absent: z.boolean(),
  /** How its session ended since the last reading, if it did. */
  ended: z.number(),
  /** How much of a habit it is to sign off between readings: a sensor that sleeps. */
  naps: z.number(),
})
type State = z.infer<typeof state>

interface Parameters {
  readonly intervals: number
  readonly quickIntervals: number
  readonly quickWaitMsMax: number
  readonly waitMsMin: number
  readonly lostFactor: number
  readonly outageGraceMs: number
}

/**
 * Whether a device is heard, against its own learned interval. It says `present` once the interval is known and when the device is back,
 * `absent` when it is overdue. A device that said DISCONNECT is not absent but away: told as absent with an expected interval of 0 (none), so
 * that its site forgets it; one that does so after each reading is expected all the same. The edge's own outage gives everyone time to return.
 */
export default defineDerivation({
  id: 'presence',
  version: 1,
  title: 'Presence',
  keyedBy: 'device',
  accepts: ['reading', 'session'],
  parameters: z.object({
    /** Overdue after so many of its own intervals, */
    intervals: z.number().min(1.5).default(4),
    /** for quick devices after so many, */
    quickIntervals: z.number().min(1.5).default(55),
    /** but then no later than this, */
    quickWaitMsMax: z.int().min(1_000).default(275_000),
    /** and never before this: a reconnect takes a while. */
    waitMsMin: z.int().min(1_000).default(50_000),
    /** So many times longer when its session has ended meanwhile: it restarts, or walks out of reach and comes back. */
    lostFactor: z.number().min(1).default(1.15),
    /** After an outage of the edge: time to reconnect, besides the wait. */
    outageGraceMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 300,
  initial: (): State => ({ site: '', last: 0, time: 0, gap: usualGap(), absent: false, ended: ended.not, naps: 0 }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') {
      noteSession(state, observation)
      return
    }
    const at = observation.receivedAt
    const time = observation.deviceTime ?? 0
    const known = state.gap[0] > 0
    // A backlog comes at once, but the device's clock tells the rhythm.
    if (state.last > 0) addGap(state.gap, Math.max(at - state.last, state.time > 0 && time > state.time ? time - state.time : 0))
    // Back in time for its next reading: it only slept. Back much later: it had been away.
    if (state.ended !== ended.signedOff) state.naps = Math.max(0, state.naps - 1)
    else if (!state.absent) state.naps = Math.min(nap.max, state.naps + nap.fill)
    const moved = known && state.site !== observation.site
    if (moved && !state.absent) context.derive(`site:${state.site}`, presence(state, context.key, 'absent', at, state.last, 0))
    state.site = observation.site
    state.ended = ended.not
    state.last = at
    state.time = time
    if (state.gap[0] === 0) return
    if (state.absent || moved || !known) {
      state.absent = false
      context.derive(`site:${state.site}`, presence(state, context.key, 'present', at, at, state.gap[0]))
    }
    context.wakeAt(at + waitMs(state, parameters))
  },
  onTimer(state, parameters, context) {
    if (state.absent) return
    const wait = Math.round(waitMs(state, parameters) * (state.ended === ended.lost ? parameters.lostFactor : 1))
    let due = state.last + wait
    // The edge was away after the last reading: whoever waits for it must reconnect first.
    if (context.outageEndedAtMs > state.last) due = Math.max(due, context.outageEndedAtMs + wait + parameters.outageGraceMs)
    if (due > context.nowMs) {
      context.wakeAt(due)
      return
    }
    state.absent = true
    const away = state.ended === ended.signedOff && state.naps < nap.habit
    if (away) state.naps = 0
    context.derive(`site:${state.site}`, presence(state, context.key, 'absent', due, state.last, away ? 0 : state.gap[0]))
  },
})

/** The end of the session that the device announced (MQTT 3.1.1, 3.14) is the broker's word `client`. */
const noteSession = (state: State, { event, reason }: Session): void => {
  if (event === 'connect') state.ended = state.ended === ended.lost ? ended.not : state.ended
  else if (event === 'disconnect' && reason !== 'taken-over') state.ended = reason === 'client' ? ended.signedOff : ended.lost
}

const waitMs = (state: State, { intervals, quickIntervals, quickWaitMsMax, waitMsMin }: Parameters): number => {
  const interval = state.gap[0]
  return Math.round(Math.max(waitMsMin, intervals * interval, Math.min(quickIntervals * interval, quickWaitMsMax)))
}

const presence = (
  state: State,
  device: string,
  said: 'present' | 'absent',
  receivedAt: number,
  since: number,
  expectedIntervalMs: number,
): Presence => ({ kind: 'presence', receivedAt, device, site: state.site, state: said, since, expectedIntervalMs })
