import type { Observation } from './observation.ts'

/** Why bytes could not become an observation. Stable words: they stand in dead letters and metrics. */
export const deadLetterReasons = [
  'not-utf8',
  'not-json',
  'too-deep',
  'too-large',
  'not-an-object',
  'bad-timestamp',
  'bad-sequence',
  'bad-vitals',
  'no-vitals',
  'too-many-vitals',
  'bad-senml',
  'bad-event',
  'unknown-leaf',
  'bad-envelope',
  'decoder-failed',
] as const
export type DeadLetterReason = (typeof deadLetterReasons)[number]

/**
 * What became of a log record: an observation; nothing to see (a clock record, an empty status); or a dead letter with its
 * reason, whose original bytes stand in the log record. A value, never a throw.
 */
export type Decoded =
  | { readonly outcome: 'ok'; readonly observation: Observation }
  | { readonly outcome: 'drop' }
  | { readonly outcome: 'deadLetter'; readonly reason: DeadLetterReason; readonly detail: string }

/** Turns the value of a record of an observation topic into an observation. Pure and deterministic; `version` changes when its answers do. */
export interface EnvelopeDecoder {
  readonly version: number
  /** @param receivedAtMs what to take for the time of its arrival (`receivedAtOf`); as the envelope says unless given */
  decode(value: Uint8Array, receivedAtMs?: number): Decoded
}
