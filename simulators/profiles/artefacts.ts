import type { Random } from '../prng.ts'

/** What a moving or loose sensor does to one sample of a vital: nothing, a spike of this factor, or "not connected". */
export type Artefact = { readonly kind: 'none' } | { readonly kind: 'spike'; readonly factor: number } | { readonly kind: 'dropout' }

export interface ArtefactOptions {
  /** Mean time between spikes of one sample, ms. */
  readonly spikeEveryMs: number
  /** Mean time between losses of the sensor, ms; each lasts `dropoutMs` on average. */
  readonly dropoutEveryMs: number
  readonly dropoutMs: number
}

const none: Artefact = { kind: 'none' }
const dropout: Artefact = { kind: 'dropout' }

/** Artefacts of one sensor in time. Motion makes both kinds `1 + 4 * load` times as frequent. */
export const createArtefacts = (random: Random, options: ArtefactOptions): ((nowMs: number, load: number) => Artefact) => {
  let lastMs: number | null = null
  let looseUntilMs = Number.NEGATIVE_INFINITY
  return (nowMs, load) => {
    const stepMs = lastMs === null ? 0 : nowMs - lastMs
    lastMs = nowMs
    if (nowMs < looseUntilMs) return dropout
    const motion = 1 + 4 * Math.max(0, load)
    if (random.chance((stepMs * motion) / options.dropoutEveryMs)) {
      looseUntilMs = nowMs + random.exponential(options.dropoutMs)
      return dropout
    }
    if (random.chance((stepMs * motion) / options.spikeEveryMs)) {
      return { kind: 'spike', factor: random.chance(0.5) ? random.between(1.15, 1.35) : random.between(0.72, 0.88) }
    }
    return none
  }
}
