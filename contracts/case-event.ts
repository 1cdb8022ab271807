import { z } from 'zod'
import { logPosition, severity } from './finding.ts'

/**
 * `cases.v1`: append-only and hash-chained. One event per folded finding to begin with; the analyst's actions come beside it.
 * hash = SHA-256 over the canonical JSON of the event without `hash`; `previous` is the hash of the event before (64 zeros for the first).
 */
const chained = {
  sequence: z.number().int(),
  previous: z.string().length(64),
  hash: z.string().length(64),
  /** When it was recorded, ms. */
  recordedAt: z.number(),
  actor: z.string(),
}

export const findingFolded = z.strictObject({
  type: z.literal('finding.folded'),
  ...chained,
  alert: z.string(),
  /** True for the finding that opened the alert. */
  opened: z.boolean(),
  finding: z.string(),
  detector: z.string(),
  title: z.string(),
  device: z.string(),
  site: z.string().nullable(),
  severity,
  score: z.number(),
  why: z.string(),
  at: z.number(),
  /** The record that triggered the finding, and how many findings of that record came before it. */
  position: logPosition,
  index: z.number().int(),
  /** Where the finding itself stands in `findings.v1`: triage resumes behind it. */
  findingPosition: logPosition,
})

export const caseEvent = z.discriminatedUnion('type', [findingFolded])
export type CaseEvent = z.infer<typeof caseEvent>

/** An alert: the fold of its case events. */
export const alert = z.object({
  id: z.string(),
  detector: z.string(),
  title: z.string(),
  device: z.string(),
  site: z.string().nullable(),
  /** The worst seen. */
  severity,
  score: z.number(),
  count: z.number().int(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  state: z.enum(['new']),
  /** The newest finding's sentence. */
  why: z.string(),
  /** The chain's sequence that last changed it. */
  sequence: z.number().int(),
})
export type Alert = z.infer<typeof alert>
