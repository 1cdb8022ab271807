import type { Random } from '../prng.ts'

/** Ornstein-Uhlenbeck: autocorrelated noise around zero with deviation `deviation`, which forgets in about `memoryMs`. */
export const createDrift = (random: Random, deviation: number, memoryMs: number): ((stepMs: number) => number) => {
  let value = random.normal(0, deviation)
  return (stepMs) => {
    const kept = Math.exp(-stepMs / memoryMs)
    value = value * kept + random.normal(0, deviation) * Math.sqrt(1 - kept * kept)
    return value
  }
}

/** Follows a target with a time constant, as a heart follows the legs. */
export const createFollower = (start: number, timeConstantMs: number): ((target: number, stepMs: number) => number) => {
  let value = start
  return (target, stepMs) => {
    value += (target - value) * (1 - Math.exp(-stepMs / timeConstantMs))
    return value
  }
}

/** Cosine of the day: 1 at `peakHour` (UTC), -1 twelve hours later. */
export const dayWave = (nowMs: number, peakHour: number): number => Math.cos(2 * Math.PI * (nowMs / 86_400_000 - peakHour / 24))

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Rounded to decimals without a binary tail: 36.8, never 36.800000000000004. */
export const rounded = (value: number, decimals: number): number => {
  const scale = 10 ** decimals
  // `+ 0` turns -0 into 0.
  return Math.round(value * scale) / scale + 0
}
