import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import { vitalNamed } from '../contracts/vitals.ts'
import { cusum } from './math/cusum.ts'
import { decimal, rounded, span, sureness } from './math/decimal.ts'
import { type Ewma, addToEwma } from './math/ewma.ts'

/**
 * What a step in a vital is: at least `least` and `share` of the level, besides what the body itself may do in the time between two readings
 * (`perMinute`). Exercise doubles a heart rate, but over many readings; tampering does it between two.
 */
interface Step {
  readonly least: number
  readonly share: number
  readonly perMinute: number
  /** So many of the level's usual deviations at least. Few where the level itself wanders, as glucose does. */
  readonly deviations: number
  /** To 1/`grain` the level is kept. */
  readonly grain: number
  /** By hand: a change that was told (posture: therapy, configuration) is none, nor is on or off. Exertion: not judged while steps are counted. */
  readonly moves?: 'by-hand' | 'by-exertion'
}

const vitalSteps = new Map<string, Step>(
  Object.entries({
    hr: { least: 25, share: 0.25, perMinute: 20, deviations: 8, grain: 10, moves: 'by-exertion' },
    pulse: { least: 25, share: 0.25, perMinute: 20, deviations: 8, grain: 10, moves: 'by-exertion' },
    resp: { least: 14, share: 0.5, perMinute: 15, deviations: 8, grain: 10, moves: 'by-exertion' },
    spo2: { least: 10, share: 0, perMinute: 15, deviations: 6, grain: 10 },
    temp: { least: 1.5, share: 0, perMinute: 0.3, deviations: 6, grain: 100 },
    abpSys: { least: 40, share: 0.25, perMinute: 30, deviations: 6, grain: 10 },
    abpDia: { least: 30, share: 0.25, perMinute: 20, deviations: 6, grain: 10 },
    abpMean: { least: 30, share: 0.25, perMinute: 25, deviations: 6, grain: 10 },
    glucose: { least: 28, share: 0.25, perMinute: 4, deviations: 2, grain: 10 },
    etco2: { least: 15, share: 0.3, perMinute: 10, deviations: 6, grain: 10 },
    infusionRate: { least: 1, share: 0.5, perMinute: 0, deviations: 6, grain: 100, moves: 'by-hand' },
    ambientTemp: { least: 6, share: 0, perMinute: 0.5, deviations: 4, grain: 100 },
  } satisfies Record<string, Step>),
)

/** Half of the step, in units of the step: what lies beyond it speaks for the new level, what lies before it for the old. */
const slack = 0.5
/** Steps a minute from which a body is at work. */
const exertionSteps = 20
/** Samples that the learned level remembers. */
const memory = 32

const state = z.object({
  levels: z.record(
    z.string(),
    z.tuple([
      /** learned mean, mean deviation, samples (an `Ewma`) */ z.number(),
      z.number(),
      z.number(),
      /** the last value */ z.number(),
      /** when a step came that is now doubted, ms; 0 for none */ z.number(),
      /** where it led */ z.number(),
      /** evidence gathered that it lasts */ z.number(),
    ]),
  ),
  /** The newest time of a reading, ms. */
  time: z.number(),
  /** When a setting was last changed by hand, ms. */
  setAt: z.number(),
  firedAt: z.number(),
})
type State = z.infer<typeof state>
type Level = State['levels'][string]

interface Parameters {
  readonly samplesMin: number
  readonly readingsMin: number
  readonly lastsMs: number
  readonly adoptMs: number
  readonly toldMs: number
  readonly cooldownMs: number
}

/**
 * A vital that steps away from the device's own learned level between two readings, and stays there: a tampered or spoofed sensor or pump.
 * Slow changes (the day's rhythm, exercise, drift) are learned. ICS T0832 (manipulation of view), T0836 (modify parameter).
 */
export default defineDetector({
  id: 'level-shift',
  version: 1,
  title: 'Level shift',
  keyedBy: 'device',
  severity: 'medium',
  attack: ['T0832', 'T0836', 'T1565.002'],
  controls: ['A.8.16', 'A.8.9', 'A.8.32'],
  accepts: ['reading', 'posture', 'session'],
  parameters: z.object({
    /** Readings of a vital before its level counts as learned. */
    samplesMin: z.int().min(2).max(memory).default(12),
    /** Readings at the new level, net of those at the old. */
    readingsMin: z.int().min(2).max(60).default(5),
    /** For this long at least. */
    lastsMs: z.int().min(0).default(20_000),
    /** A level that stayed so long, over twice the readings, is the new one. */
    adoptMs: z.int().min(1_000).default(600_000),
    /** A step this close to a told change of therapy or configuration is that change. */
    toldMs: z.int().min(0).default(120_000),
    cooldownMs: z.int().min(0).default(60_000),
  }),
  state,
  stateBytesMax: 2_400,
  initial: (): State => ({ levels: {}, time: 0, setAt: 0, firedAt: 0 }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') {
      // What lasted only until the next connection did not last: two that share an identity bring two levels by turns.
      if (observation.event === 'connect') for (const name in state.levels) state.levels[name]![4] = 0
      return
    }
    const time = observation.deviceTime ?? observation.receivedAt
    if (observation.kind === 'posture') {
      if (observation.change === 'therapy' || observation.change === 'configuration') state.setAt = time
      return
    }
    const elapsedMs = time - state.time
    // From a backlog that comes after the live readings: the level has gone on. A clock that went back further than that was set.
    if (elapsedMs < 0 && elapsedMs > -3_600_000) return
    state.time = time
    const { vitals } = observation
    const minutes = Math.max(0, elapsedMs) / 60_000
    const atWork = (vitals['steps'] ?? 0) >= exertionSteps
    for (const name in vitals) {
      const step = vitalSteps.get(name)
      if (step === undefined) continue
      const value = vitals[name]!
      const level = state.levels[name]
      if (level === undefined) {
        state.levels[name] = [rounded(value, step.grain), 0, 1, value, 0, 0, 0]
        continue
      }
      const before = level[3]
      level[3] = value
      if (level[4] === 0) {
        if (level[2] >= parameters.samplesMin && isStep(step, level, before, value, minutes, atWork)) doubt(level, time)
        else learn(level, step, value)
        continue
      }
      if (gather(state, level, step, value, time, atWork, parameters))
        emitShift(name, level, value, time, observation.site, parameters, context)
    }
  },
})

const learn = (level: Level, { grain }: Step, value: number): void => addToEwma(level as unknown as Ewma, value, memory, grain)

/** A step away from the level, in one go, and further than a body moves in that time. */
const isStep = (step: Step, level: Level, before: number, value: number, minutes: number, atWork: boolean): boolean => {
  const jump = value - before
  const away = value - level[0]
  const size = Math.abs(jump)
  // Cheap and nearly always enough.
  if (size < step.least || away * jump <= 0) return false
  if (step.moves === 'by-exertion' && atWork) return false
  if (step.moves === 'by-hand' && (value === 0 || level[0] < step.least)) return false
  const least = Math.max(step.least, step.share * Math.abs(level[0]), step.deviations * level[1]) + step.perMinute * minutes
  return size >= least && Math.abs(away) >= least
}

const doubt = (level: Level, time: number): void => {
  level[4] = Math.max(1, time)
  level[5] = rounded(level[3], 100)
  level[6] = slack
}

/** Weighs a reading after a step; true when the shift is to be told now. */
const gather = (state: State, level: Level, step: Step, value: number, time: number, atWork: boolean, parameters: Parameters): boolean => {
  const { readingsMin, lastsMs, adoptMs, toldMs, cooldownMs } = parameters
  const enough = readingsMin * (1 - slack)
  // 1 at the new level, 0 at the old; beyond either says no more than that.
  const stays = Math.max(-1, Math.min(1, (value - level[0]) / (level[5] - level[0])))
  level[6] = Math.min(enough * 2, cusum(level[6], stays, slack))
  if (level[6] <= 0) {
    level[4] = 0
    return false
  }
  const told = step.moves === 'by-hand' && state.setAt > 0 && Math.abs(state.setAt - level[4]) <= toldMs
  if (told || (step.moves === 'by-exertion' && atWork) || isSettled(level, time, enough, adoptMs)) {
    adopt(level)
    return false
  }
  if (level[6] < enough || time - level[4] < lastsMs) return false
  if (state.firedAt > 0 && time - state.firedAt < cooldownMs && time >= state.firedAt) return false
  state.firedAt = time
  return true
}

/** It has stayed for long and often enough, or, half-way between the two levels, for much longer. */
const isSettled = (level: Level, time: number, enough: number, adoptMs: number): boolean => {
  const lastedMs = time - level[4]
  return (lastedMs >= adoptMs && level[6] >= enough * 2) || lastedMs >= adoptMs * 6
}

/** The new level is the level; its deviation is learned anew. */
const adopt = (level: Level): void => {
  level[0] = rounded(level[3], 100)
  level[2] = 1
  level[4] = 0
  level[5] = 0
  level[6] = 0
}

const emitShift = (
  name: string,
  level: Level,
  value: number,
  time: number,
  site: string,
  { readingsMin }: Parameters,
  context: DetectorContext,
): void => {
  const row = vitalNamed(name)!
  const [usual, deviation] = level
  const shift = value - usual
  const percent = Math.abs(usual) >= 1 ? ` (${shift > 0 ? '+' : ''}${decimal((shift / Math.abs(usual)) * 100, 0)} %)` : ''
  context.emit({
    score: sureness(level[6], readingsMin * (1 - slack)),
    why: `${row.title} of ${context.key} stepped from its learned ${decimal(usual)} ${row.unit} (varying by ${decimal(deviation)}) to ${decimal(level[5])} between two readings, and is ${decimal(value)}${percent} after ${span(time - level[4])}.`,
    evidence: [
      { feature: name, observed: rounded(value, 100), expected: usual, unit: row.unit },
      { feature: `usual deviation of ${name}`, observed: rounded(Math.abs(shift), 100), expected: deviation, unit: row.unit },
    ],
    site,
  })
}
