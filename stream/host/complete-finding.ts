import type { AnyDetector, FindingDraft } from '../../contracts/detector.ts'
import { type Evidence, type Finding, type LogPosition, findingId } from '../../contracts/finding.ts'

export const whyLengthMax = 500
const evidenceMax = 16
const findingTextLengthMax = 200

/** Cut so that what a device sent can neither fill the log nor leave half a character. */
const cut = (text: string, lengthMax: number): string =>
  (text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`).toWellFormed()

/** JSON has no NaN or Infinity: they are told as words. */
const shown = (value: number | string): number | string =>
  typeof value === 'string' ? cut(value, findingTextLengthMax) : Number.isFinite(value) ? value : String(value)

const boundedEvidence = (evidence: Evidence): Evidence => ({
  feature: cut(evidence.feature, findingTextLengthMax),
  observed: shown(evidence.observed),
  expected: shown(evidence.expected),
  unit: cut(evidence.unit, findingTextLengthMax),
})

/** Where and when a stage was running when it spoke. */
export interface Trigger {
  readonly key: string
  /** The last known site of the key. */
  readonly site: string | null
  readonly position: LogPosition
  /** Record time, ms. */
  readonly at: number
  /** Findings of this record before this one. */
  readonly index: number
  /** Findings of this detector for this key at this record before this one. */
  readonly ordinal: number
  readonly decoderVersion: number
}

/** A detector's draft made whole: id, position and the detector's own words added, everything bounded and copied, the score in 0..1. */
export const completeFinding = (detector: AnyDetector, draft: FindingDraft, trigger: Trigger): Finding => {
  const { key, position } = trigger
  return {
    id: findingId(detector.id, detector.version, key, position, trigger.ordinal),
    detector: detector.id,
    version: detector.version,
    title: detector.title,
    key,
    device: cut(draft.device ?? (detector.keyedBy === 'source' ? `address:${key}` : key), findingTextLengthMax),
    site: draft.site === undefined ? trigger.site : draft.site,
    severity: draft.severity ?? detector.severity,
    // Not Math.min/max alone: they let NaN through.
    score: draft.score > 0 ? Math.min(draft.score, 1) : 0,
    attack: [...detector.attack],
    controls: [...detector.controls],
    why: cut(draft.why, whyLengthMax),
    evidence: draft.evidence.slice(0, evidenceMax).map(boundedEvidence),
    at: trigger.at,
    position,
    index: trigger.index,
    decoderVersion: trigger.decoderVersion,
  }
}
