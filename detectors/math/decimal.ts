/**
 * Numbers as text for findings. `toFixed` is exact by ECMA-262 (21.1.3.3), so the same number gives the same characters on every
 * runtime; locale formatting does not.
 */

/** At most `digits` decimals, without trailing zeros: 72, 5.5, -0.25. */
export const decimal = (value: number, digits = 1): string => {
  if (!Number.isFinite(value)) return 'unknown'
  const fixed = value.toFixed(digits)
  const text = fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
  return text === '-0' ? '0' : text
}

/** A span of time for a reader: 800 ms, 45 s, 12 min, 3.5 h. */
export const span = (ms: number): string => {
  if (ms < 1_000) return `${decimal(ms, 0)} ms`
  if (ms < 120_000) return `${decimal(ms / 1_000, ms < 10_000 ? 1 : 0)} s`
  if (ms < 7_200_000) return `${decimal(ms / 60_000, 0)} min`
  return `${decimal(ms / 3_600_000)} h`
}

/** Rounds to 1/`steps`, so that a state's JSON stays short; the rounding is part of the arithmetic and the same everywhere. */
export const rounded = (value: number, steps: number): number => Math.round(value * steps) / steps

/** 0..1, 0.5 where `observed` is just `threshold`, towards 1 as it outgrows it. */
export const sureness = (observed: number, threshold: number): number => {
  if (observed <= 0) return 0
  return rounded(observed / (observed + Math.max(threshold, 1e-9)), 1_000)
}
