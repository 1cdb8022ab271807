import type { Evidence } from '../../../../contracts/finding.ts'

export interface Emphasised {
  readonly text: string
  /** `observed`: the value that the finding rests on; `number`: any other number with its unit. */
  readonly as: 'plain' | 'number' | 'observed'
}

/** A number that stands for itself, with a unit or sign; not the digits of a device's name or an address. */
const numbers =
  /(?<![\p{L}\p{N}_.:-])[−-]?\d[\d,]*(?:\.\d+)?(?:×|(?:\s?(?:%|ms\b|s\b|min\b|h\b|days?\b|bpm\b|mmHg\b|mg\/dL\b|mL\/h\b|mL\b|bytes?\b|readings?\b|times?\b|tries\b|kB\b|MB\b|Cel\b|1\/min)))?(?![\p{L}\p{N}_:-]|\.\d)/gu

const valueOf = (text: string): number => Number(text.replace(/[^\d.−-]/g, '').replace('−', '-'))

const isObserved = (text: string, evidence: readonly Evidence[]): boolean => {
  const value = valueOf(text)
  if (!Number.isFinite(value)) return false
  const step = 10 ** -(text.match(/\.(\d+)/)?.[1]?.length ?? 0)
  return evidence.some(
    ({ observed }) => typeof observed === 'number' && observed !== 0 && Math.abs(Math.abs(observed) - Math.abs(value)) < step * 0.51,
  )
}

/** The sentence of why in parts: its numbers stand out, the observed one most. */
export const emphasise = (sentence: string, evidence: readonly Evidence[]): readonly Emphasised[] => {
  const parts: Emphasised[] = []
  let at = 0
  let told: boolean = false
  for (const match of sentence.matchAll(numbers)) {
    if (match.index > at) parts.push({ text: sentence.slice(at, match.index), as: 'plain' })
    const observed: boolean = !told && isObserved(match[0], evidence)
    told ||= observed
    parts.push({ text: match[0], as: observed ? 'observed' : 'number' })
    at = match.index + match[0].length
  }
  if (at < sentence.length) parts.push({ text: sentence.slice(at), as: 'plain' })
  return parts
}
