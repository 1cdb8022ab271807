import { z } from 'zod'
import { alertState, dueTimes, verdict } from './alert.ts'
import { evidence, logPosition, severity } from './finding.ts'
import { suppressionScope } from './suppression.ts'

/**
 * `cases.v1`: append-only and hash-chained; the state of every alert and suppression is its fold.
 * hash = SHA-256 over the canonical JSON of the event without `hash`; `previous` is the hash of the event before (64 zeros for the first).
 */
const chained = {
  sequence: z.number().int(),
  previous: z.string().length(64),
  hash: z.string().length(64),
  /** When it was recorded, ms. */
  recordedAt: z.number(),
  /** The account that did it; `wardwatch` for the platform itself. */
  actor: z.string(),
}

export const platformActor = 'wardwatch'
export const reasonCharactersMax = 2_000
export const noteCharactersMax = 8_000

const reason = z.string().min(1).max(reasonCharactersMax)

/** A finding as triage took it: into an alert, or hidden by a suppression. */
const taken = {
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
}

export const findingFolded = z.strictObject({
  type: z.literal('finding.folded'),
  ...chained,
  alert: z.string(),
  /** True for the finding that opened the alert. */
  opened: z.boolean(),
  ...taken,
  evidence: z.array(evidence).exactOptional(),
  attack: z.array(z.string()).exactOptional(),
  controls: z.array(z.string()).exactOptional(),
  /** The closed alert that an opened one follows. */
  follows: z.string().exactOptional(),
  /** The clocks: with the finding that opened the alert, and with one that made it worse. */
  due: dueTimes.exactOptional(),
})

export const findingSuppressed = z.strictObject({ type: z.literal('finding.suppressed'), ...chained, suppression: z.string(), ...taken })

/** The platform's own alert, without a detector's finding: a paging channel is dead. Folds as a finding does. */
export const alertRaised = z.strictObject({
  type: z.literal('alert.raised'),
  ...chained,
  alert: z.string(),
  opened: z.boolean(),
  detector: z.string(),
  title: z.string(),
  device: z.string(),
  site: z.string().nullable(),
  severity,
  score: z.number(),
  why: z.string(),
  at: z.number(),
  evidence: z.array(evidence),
  follows: z.string().exactOptional(),
  due: dueTimes.exactOptional(),
})

const onAlert = { ...chained, alert: z.string() }
/** Set when the event is one of a bulk action. */
const bulk = { bulk: z.string().exactOptional() }

export const alertAcknowledged = z.strictObject({ type: z.literal('alert.acknowledged'), ...onAlert, ...bulk })
export const alertAssigned = z.strictObject({ type: z.literal('alert.assigned'), ...onAlert, ...bulk, owner: z.string().nullable() })
export const alertSnoozed = z.strictObject({ type: z.literal('alert.snoozed'), ...onAlert, ...bulk, until: z.number() })
export const alertWoken = z.strictObject({
  type: z.literal('alert.woken'),
  ...onAlert,
  because: z.enum(['time', 'by-hand', 'worse']),
})
export const alertClosed = z.strictObject({ type: z.literal('alert.closed'), ...onAlert, ...bulk, verdict, reason })
export const alertNoted = z.strictObject({ type: z.literal('alert.noted'), ...onAlert, note: z.string().min(1).max(noteCharactersMax) })
/** A person says that the device is contained, and how. */
export const alertContained = z.strictObject({ type: z.literal('alert.contained'), ...onAlert, reason })
/** Takes the actor's own last action back, within `undoMs`: the workflow is as it was before it. */
export const alertUndone = z.strictObject({
  type: z.literal('alert.undone'),
  ...onAlert,
  undoes: z.number().int(),
  /** As it is again; so that the fold needs no memory of before. */
  to: z.strictObject({
    state: alertState,
    owner: z.string().nullable(),
    acknowledgedAt: z.number().nullable(),
    acknowledgedBy: z.string().nullable(),
    containedAt: z.number().nullable(),
    snoozedUntil: z.number().nullable(),
    closedAt: z.number().nullable(),
    closedBy: z.string().nullable(),
    verdict: verdict.nullable(),
    reason: z.string().nullable(),
  }),
})
export const alertBreached = z.strictObject({
  type: z.literal('alert.breached'),
  ...onAlert,
  clock: z.enum(['acknowledge', 'contain']),
  dueAt: z.number(),
})

export const suppressionAdded = z.strictObject({
  type: z.literal('suppression.added'),
  ...chained,
  suppression: z.string(),
  detector: z.string(),
  scope: suppressionScope,
  reason,
  expiresAt: z.number(),
})
export const suppressionEnded = z.strictObject({
  type: z.literal('suppression.ended'),
  ...chained,
  suppression: z.string(),
  because: z.enum(['expired', 'by-hand']),
})

export const caseEvent = z.discriminatedUnion('type', [
  findingFolded,
  findingSuppressed,
  alertRaised,
  alertAcknowledged,
  alertAssigned,
  alertSnoozed,
  alertWoken,
  alertClosed,
  alertNoted,
  alertContained,
  alertUndone,
  alertBreached,
  suppressionAdded,
  suppressionEnded,
])
export type CaseEvent = z.infer<typeof caseEvent>
export type CaseEventType = CaseEvent['type']

/** How long an action can be taken back, ms. */
export const undoMs = 10_000
export const bulkAlertsMax = 500
