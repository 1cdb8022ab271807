/**
 * A quantile in one number: a step up when a sample lies above, a smaller step down when below, in proportion to the estimate.
 * Ma, Muthukrishnan, Sandler: Frugal Streaming for Estimating Quantiles, LATIN/IEEE 2013 (frugal-1U with a relative step).
 * In balance `share` of the samples lie below. Samples are positive.
 */
export const frugalQuantile = (estimate: number, sample: number, share: number, step: number): number => {
  if (sample > estimate) return Math.min(sample, estimate * (1 + step * share))
  if (sample < estimate) return Math.max(sample, estimate * (1 - step * (1 - share)))
  return estimate
}
