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

/** Folds `value` in. `samplesMax` is 1/weight in the long run; results are kept to 1/`steps`. */
export const addToEwma = (state: Ewma, value: number, samplesMax: number, steps: number): void => {
  const n = state[2]
  if (n === 0) {
    state[0] = Math.round(value * steps) / steps
    state[2] = 1
    return
  }
  const weight = n < samplesMax ? n + 1 : samplesMax
  const away = value - state[0]
  state[1] = Math.round((state[1] + (Math.abs(away) - state[1]) / weight) * steps) / steps
  state[0] = Math.round((state[0] + away / weight) * steps) / steps
  if (n < samplesMax) state[2] = n + 1
}
