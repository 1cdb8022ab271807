import { z } from 'zod'

/**
 * Exponentially weighted mean and mean absolute deviation. Roberts: Control Chart Tests Based on Geometric Moving Averages,
 * Technometrics 1 (1959); the deviation as in RFC 6298 (Jacobson, Karels 1988): no square root, and an outlier counts once, not squared.
 * The first `1/weight` samples are averaged evenly, so that the start does not depend on one sample.
 */
export const ewmaState = z.tuple([
  /** mean */ z.number(),
  /** mean absolute deviation */ z.number(),
  /** samples, up to 1/weight */ z.number(),
])
export type Ewma = z.infer<typeof ewmaState>

export const ewma = (): Ewma => [0, 0, 0]

/**
 * Folds `value` in. `samplesMax` is 1/weight in the long run; results are kept to 1/`steps`.
 * @param at where in a longer list the three numbers stand
 */
export const addToEwma = (state: Ewma | number[], value: number, samplesMax: number, steps: number, at = 0): void => {
  const list: number[] = state
  const n = list[at + 2]!
  if (n === 0) {
    list[at] = Math.round(value * steps) / steps
    list[at + 2] = 1
    return
  }
  const weight = n < samplesMax ? n + 1 : samplesMax
  const mean = list[at]!
  const deviation = list[at + 1]!
  const away = value - mean
  list[at + 1] = Math.round((deviation + (Math.abs(away) - deviation) / weight) * steps) / steps
  list[at] = Math.round((mean + away / weight) * steps) / steps
  if (n < samplesMax) list[at + 2] = n + 1
}
