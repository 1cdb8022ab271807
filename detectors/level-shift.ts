import { z } from 'zod'
import { defineDetector } from '../contracts/detector.ts'
import type { DetectorContext } from '../contracts/detector.ts'
import { vitalNamed } from '../contracts/vitals.ts'
import { cusum } from './math/cusum.ts'
import { decimal, rounded, span, sureness } from './math/decimal.ts'
import { addToEwma } from './math/ewma.ts'
import { rowsInTurn } from './math/rows-in-turn.ts'

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

const vitalSteps = new Map<string, Step & { readonly number: number }>(
  Object.entries<Step>({
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
  }).map(([name, step], number) => [name, { ...step, number }]),
)

const stepOf = rowsInTurn(vitalSteps)

/** Half of the step, in units of the step: what lies beyond it speaks for the new level, what lies before it for the old. */
const slack = 0.5
/** Steps a minute from which a body is at work. */
const exertionSteps = 20
/** Samples that the learned level remembers. */
const memory = 32

const state = z.object({
  /**
   * Eight numbers a vital, in the order in which the vitals were first heard, all in one list: a reading then goes through one stretch of
   * memory. See `at...` for what they are.
   */
  levels: z.array(z.number()),
  /** The newest time of a reading, ms. */
  time: z.number(),
  /** When a setting was last changed by hand, ms. */
  setAt: z.number(),
  firedAt: z.number(),
})
type State = z.infer<typeof state>

/** What follows the vital's number in `vitalSteps`: learned mean, mean deviation, samples (an `Ewma`); */
const atMean = 1
const atDeviation = 2
const atSamples = 3
/** the last value; */
const atLast = 4
/** when a step came that is now doubted, ms, 0 for none; */
const atSince = 5
/** where it led; */
const atLed = 6
/** evidence gathered that it lasts. */
const atEvidence = 7
const levelNumbers = 8

/** Where the vital's numbers begin; the list's end when it has none. Devices send their vitals in the same order: `next` is nearly always right. */
const placeOf = (levels: readonly number[], number: number, next: number): number => {
  if (next < levels.length && levels[next] === number) return next
  let at = 0
  while (at < levels.length && levels[at] !== number) at += levelNumbers
  return at
}

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
  initial: (): State => ({ levels: [], time: 0, setAt: 0, firedAt: 0 }),
  observe(state, observation, parameters, context) {
    if (observation.kind === 'session') {
      // What lasted only until the next connection did not last: two that share an identity bring two levels by turns.
      if (observation.event !== 'connect') return
      for (let at = atSince; at < state.levels.length; at += levelNumbers) state.levels[at] = 0
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
    const { levels } = state
    let next = 0
    const minutes = Math.max(0, elapsedMs) / 60_000
    const atWork = (vitals['steps'] ?? 0) >= exertionSteps
    let place = 0
    for (const name in vitals) {
      const step = stepOf(name, place++)
      if (step === undefined) continue
      const value = vitals[name]!
      const at = placeOf(levels, step.number, next)
      next = at + levelNumbers
      if (at === levels.length) {
        levels.push(step.number, rounded(value, step.grain), 0, 1, value, 0, 0, 0)
        continue
      }
      const before = levels[at + atLast]!
      levels[at + atLast] = value
      if (levels[at + atSince] === 0) {
        if (levels[at + atSamples]! >= parameters.samplesMin && isStep(step, levels, at, before, value, minutes, atWork))
          doubt(levels, at, time)
        else addToEwma(levels, value, memory, step.grain, at + atMean)
        continue
      }
      if (gather(state, at, step, value, time, atWork, parameters))
        emitShift(name, levels, at, value, time, observation.site, parameters, context)
    }
  },
})

/** A step away from the level, in one go, and further than a body moves in that time. */
const isStep = (
  step: Step,
  levels: readonly number[],
  at: number,
  before: number,
  value: number,
  minutes: number,
  atWork: boolean,
): boolean => {
  const jump = value - before
  const mean = levels[at + atMean]!
  const away = value - mean
  const size = Math.abs(jump)
  // Cheap and nearly always enough.
  if (size < step.least || away * jump <= 0) return false
  if (step.moves === 'by-exertion' && atWork) return false
  if (step.moves === 'by-hand' && (value === 0 || mean < step.least)) return false
  const least = Math.max(step.least, step.share * Math.abs(mean), step.deviations * levels[at + atDeviation]!) + step.perMinute * minutes
  return size >= least && Math.abs(away) >= least
}

const doubt = (levels: number[], at: number, time: number): void => {
  levels[at + atSince] = Math.max(1, time)
  levels[at + atLed] = rounded(levels[at + atLast]!, 100)
  levels[at + atEvidence] = slack
}

/** Weighs a reading after a step; true when the shift is to be told now. */
const gather = (state: State, at: number, step: Step, value: number, time: number, atWork: boolean, parameters: Parameters): boolean => {
  const { readingsMin, lastsMs, adoptMs, toldMs, cooldownMs } = parameters
  const { levels } = state
  const enough = readingsMin * (1 - slack)
  // 1 at the new level, 0 at the old; beyond either says no more than that.
  const stays = Math.max(-1, Math.min(1, (value - levels[at + atMean]!) / (levels[at + atLed]! - levels[at + atMean]!)))
  levels[at + atEvidence] = Math.min(enough * 2, cusum(levels[at + atEvidence]!, stays, slack))
  if (levels[at + atEvidence]! <= 0) {
    levels[at + atSince] = 0
    return false
  }
  const told = step.moves === 'by-hand' && state.setAt > 0 && Math.abs(state.setAt - levels[at + atSince]!) <= toldMs
  if (told || (step.moves === 'by-exertion' && atWork) || isSettled(levels, at, time, enough, adoptMs)) {
    adopt(levels, at)
    return false
  }
  if (levels[at + atEvidence]! < enough || time - levels[at + atSince]! < lastsMs) return false
  if (state.firedAt > 0 && time - state.firedAt < cooldownMs && time >= state.firedAt) return false
  state.firedAt = time
  return true
}

/** It has stayed for long and often enough, or, half-way between the two levels, for much longer. */
const isSettled = (levels: readonly number[], at: number, time: number, enough: number, adoptMs: number): boolean => {
  const lastedMs = time - levels[at + atSince]!
  return (lastedMs >= adoptMs && levels[at + atEvidence]! >= enough * 2) || lastedMs >= adoptMs * 6
}

/** The new level is the level; its deviation is learned anew. */
const adopt = (levels: number[], at: number): void => {
  levels[at + atMean] = rounded(levels[at + atLast]!, 100)
  levels[at + atSamples] = 1
  levels[at + atSince] = 0
  levels[at + atLed] = 0
  levels[at + atEvidence] = 0
}

const emitShift = (
  name: string,
  levels: readonly number[],
  at: number,
  value: number,
  time: number,
  site: string,
  { readingsMin }: Parameters,
  context: DetectorContext,
): void => {
  const row = vitalNamed(name)!
  const usual = levels[at + atMean]!
  const deviation = levels[at + atDeviation]!
  const evidence = levels[at + atEvidence]!
  const shift = value - usual
  const percent = Math.abs(usual) >= 1 ? ` (${shift > 0 ? '+' : ''}${decimal((shift / Math.abs(usual)) * 100, 0)} %)` : ''
  context.emit({
    score: sureness(evidence, readingsMin * (1 - slack)),
    why: `${row.title} of ${context.key} stepped from its learned ${decimal(usual)} ${row.unit} (varying by ${decimal(deviation)}) to ${decimal(levels[at + atLed]!)} between two readings, and is ${decimal(value)}${percent} after ${span(time - levels[at + atSince]!)}.`,
    evidence: [
      { feature: name, observed: rounded(value, 100), expected: usual, unit: row.unit },
      { feature: `usual deviation of ${name}`, observed: rounded(Math.abs(shift), 100), expected: deviation, unit: row.unit },
    ],
    site,
  })
}
