import { z } from 'zod'
import { defineDerivation } from '../../contracts/detector.ts'
import type { Presence } from '../../contracts/observation.ts'
import { frugalQuantile } from '../math/frugal-quantile.ts'

const gapsToLearn = 5
/** A sign-off that ended in time fills `naps` by this, a reading without one takes 1: a habit from `habit` on. */
const nap = { fill: 4, max: 12, habit: 8 }

const state = z.object({
  site: z.string(),
  /** When it was last heard, ms, and its own clock then (0 without one). */
  last: z.number(),
  time: z.number(),
  /** The interval that 95 % of its gaps stay under, ms. While learning: the second largest gap, and the largest. */
  interval: z.number(),
  largest: z.number(),
  /** Gaps learned from, up to `gapsToLearn`. */
  gaps: z.number(),
  absent: z.boolean(),
  /** Signed off with a DISCONNECT since the last reading; and how much of a habit that is: a sensor that sleeps between readings. */
  signedOff: z.boolean(),
  naps: z.number(),
})
type State = z.infer<typeof state>

interface Parameters {
  readonly intervals: number
  readonly waitMsMin: number
  readonly outageGraceMs: number
}

/** What a broker calls a session's end that the device itself announced (MQTT 3.1.1, 3.14). */
const isSignOff = (reason: string | null): boolean =>
  reason === 'graceful' || reason === 'client' || reason === 'disconnect-packet' || reason === 'disconnect'

/**
 * Whether a device is heard, against its own learned interval. It says `present` once the interval is known and when the device is back,
 * `absent` when it is overdue. A device that signed off is not absent but away: told as absent with an expected interval of 0 (none), so that
 * its site forgets it; one that signs off after each reading is expected all the same. The edge's own outage gives everyone time to return.
 */
export default defineDerivation({
  id: 'presence',
  version: 1,
  title: 'Presence',
  keyedBy: 'device',
  accepts: ['reading', 'session'],
  parameters: z.object({
    /** Overdue after so many of its own intervals... */
    intervals: z.number().min(1.5).default(4),
    /** ...and not before: roaming and a reconnect take a while. */
    waitMsMin: z.int().min(1_000).default(20_000),
    /** After an outage of the edge: time to reconnect, besides the wait. */
    outageGraceMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 400,
  initial: (): State => ({ site: '', last: 0, time: 0, interval: 0, largest: 0, gaps: 0, absent: false, signedOff: false, naps: 0 }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') {
      if (observation.event === 'disconnect' && isSignOff(observation.reason)) state.signedOff = true
      return
    }
    const at = observation.receivedAt
    const time = observation.deviceTime ?? 0
    const known = state.gaps >= gapsToLearn
    if (state.last > 0) learn(state, Math.max(at - state.last, state.time > 0 && time > state.time ? time - state.time : 0))
    // Back in time for its next reading: it only slept. Back much later: it had been away.
    if (!state.signedOff) state.naps = Math.max(0, state.naps - 1)
    else if (!state.absent) state.naps = Math.min(nap.max, state.naps + nap.fill)
    state.signedOff = false
    const moved = known && state.site !== observation.site
    if (moved && !state.absent) context.derive(`site:${state.site}`, presence(state, context.key, 'absent', at, state.last, 0))
    state.site = observation.site
    state.last = at
    state.time = time
    if (state.gaps < gapsToLearn) return
    if (state.absent || moved || !known) {
      state.absent = false
      context.derive(`site:${state.site}`, presence(state, context.key, 'present', at, at, Math.round(state.interval)))
    }
    context.wakeAt(at + waitMs(state, parameters))
  },
  onTimer(state, parameters, context) {
    if (state.absent) return
    const wait = waitMs(state, parameters)
    let due = state.last + wait
    // The edge was away after the last reading: whoever waits for it must reconnect first.
    if (context.outageEndedAtMs > state.last) due = Math.max(due, context.outageEndedAtMs + wait + parameters.outageGraceMs)
    if (due > context.nowMs) return context.wakeAt(due)
    state.absent = true
    const away = state.signedOff && state.naps < nap.habit
    if (away) state.naps = 0
    context.derive(`site:${state.site}`, presence(state, context.key, 'absent', due, state.last, away ? 0 : Math.round(state.interval)))
  },
})

const waitMs = (state: State, { intervals, waitMsMin }: Parameters): number => Math.max(waitMsMin, Math.round(intervals * state.interval))

/** Learns from a gap, ms: of receipt, or of the device's clock when that is longer (a backlog comes at once, but its clock tells the rhythm). */
const learn = (state: State, gap: number): void => {
  if (gap <= 0) return
  if (state.gaps < gapsToLearn) {
    // One gap may be a fluke: the second largest of the first is where to start.
    if (gap > state.largest) {
      state.interval = state.largest
      state.largest = gap
    } else if (gap > state.interval) state.interval = gap
    state.gaps++
    return
  }
  // The gap of an absence is no rhythm, but a rhythm may have slowed: half as much again at most.
  const believed = state.absent ? Math.min(gap, state.interval * 1.5) : gap
  state.interval = Math.round(state.absent ? Math.max(state.interval, believed) : frugalQuantile(state.interval, believed, 0.95, 0.1))
}

const presence = (
  state: State,
  device: string,
  said: 'present' | 'absent',
  receivedAt: number,
  since: number,
  expectedIntervalMs: number,
): Presence => ({
  kind: 'presence',
  receivedAt,
  device,
  site: state.site,
  state: said,
  since,
  expectedIntervalMs,
})
