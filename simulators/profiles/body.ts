import type { Random } from '../prng.ts'
import { activities, type Activity, createActivity } from './activity.ts'
import { clamp, createDrift, createFollower, dayWave } from './noise.ts'

/** The truth inside a patient, before a sensor rounds or spoils it. */
export interface Vitality {
  readonly activity: Activity
  readonly load: number
  readonly hr: number
  readonly resp: number
  readonly spo2: number
  readonly tempCel: number
  readonly abpSys: number
  readonly abpDia: number
  readonly abpMean: number
}

/** One drive (arousal, pain, fever) moves heart, breath and pressure together: that is what correlates them. */
export interface BodyOptions {
  /** 0 in bed .. 1 walks about. */
  readonly mobility: number
}

/** A patient with baselines of its own: circadian rhythm, activity, slow illness drift, fast beat-to-beat variability. */
export const createBody = (random: Random, { mobility }: BodyOptions): ((nowMs: number) => Vitality) => {
  const base = {
    hr: clamp(random.normal(76, 9), 54, 104),
    resp: clamp(random.normal(16, 2), 11, 23),
    spo2: clamp(random.normal(96.8, 1.1), 93, 99),
    temp: clamp(random.normal(36.8, 0.3), 36, 38.4),
    mean: clamp(random.normal(88, 9), 68, 112),
    pulsePressure: clamp(random.normal(46, 7), 30, 70),
  }
  const fitness = random.between(45, 75)
  const activity = createActivity(random, mobility)
  const load = createFollower(0, 75_000)
  const drive = createDrift(random, 1, 8 * 60_000)
  const illness = createDrift(random, 1, 90 * 60_000)
  const heart = createDrift(random, 1.4, 12_000)
  const breath = createDrift(random, 0.7, 20_000)
  const oxygen = createDrift(random, 0.35, 45_000)
  const pressure = createDrift(random, 1.6, 25_000)
  let lastMs: number | null = null
  return (nowMs) => {
    const stepMs = lastMs === null ? 0 : Math.max(0, nowMs - lastMs)
    lastMs = nowMs
    const doing = activity(nowMs)
    const effort = load(activities[doing].load, stepMs)
    const [aroused, ill] = [drive(stepMs), illness(stepMs)]
    const day = dayWave(nowMs, 16)
    const hr = base.hr * (1 + 0.05 * day) + fitness * effort + 2.2 * aroused + 1.5 * ill + heart(stepMs)
    const resp = base.resp + 0.5 * day + 11 * effort + 0.9 * aroused + breath(stepMs)
    const spo2 = base.spo2 - 1.2 * Math.max(0, effort) - 0.25 * aroused - 0.3 * ill - (doing === 'asleep' ? 0.5 : 0) + oxygen(stepMs)
    const tempCel = base.temp + 0.25 * dayWave(nowMs, 17) + 0.12 * ill + 0.2 * Math.max(0, effort)
    const mean = base.mean * (1 + 0.04 * day) + 14 * effort + 2.4 * aroused + pressure(stepMs)
    const pulsePressure = base.pulsePressure + 16 * Math.max(0, effort) + 1.5 * aroused
    return {
      activity: doing,
      load: effort,
      hr: clamp(hr, 38, 185),
      resp: clamp(resp, 7, 45),
      spo2: clamp(spo2, 86, 100),
      tempCel: clamp(tempCel, 35, 39.8),
      abpMean: clamp(mean, 50, 150),
      abpSys: clamp(mean + (2 / 3) * pulsePressure, 75, 220),
      abpDia: clamp(mean - pulsePressure / 3, 35, 125),
    }
  }
}
