export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * The pause after `failures` attempts in a row have failed, ms: doubled each time, and between half and all of it, so that many who wait for the
 * same server do not come back at once; at least what the receiver asked for.
 * @param random 0..1
 */
export const pauseMs = ({ firstMs, maxMs }: Backoff, failures: number, askedMs: number | null, random: number): number => {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.max(askedMs ?? 0, Math.round(whole * (0.5 + random / 2)))
}
