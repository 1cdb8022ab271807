import { z } from 'zod'
import { evidence, severity } from './finding.ts'

/** An alert's life: new -> acknowledged (or snoozed until a time) -> closed with a verdict. */
export const alertStates = ['new', 'acknowledged', 'snoozed', 'closed'] as const
export const alertState = z.enum(alertStates)
export type AlertState = z.infer<typeof alertState>

export const verdicts = ['true-positive', 'benign-positive', 'false-positive', 'duplicate', 'other'] as const
export const verdict = z.enum(verdicts)
export type Verdict = z.infer<typeof verdict>

/** When something has to be done by, ms; null where the settings ask for nothing. */
export const dueTimes = z.object({ acknowledgeBy: z.number().nullable(), containBy: z.number().nullable() })
export type DueTimes = z.infer<typeof dueTimes>

/** An alert: the fold of its case events. All times are ms since the epoch. */
export const alert = z.object({
  id: z.string(),
  detector: z.string(),
  title: z.string(),
  /** The device it is about; for a source or a site, that itself (`address:..`, `site:..`, `channel:..`). */
  device: z.string(),
  site: z.string().nullable(),
  /** The worst seen. */
  severity,
  score: z.number(),
  /** Findings folded into it. */
  count: z.number().int(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  /** The newest finding's sentence and what it rests on. */
  why: z.string(),
  evidence: z.array(evidence),
  attack: z.array(z.string()),
  controls: z.array(z.string()),
  state: alertState,
  owner: z.string().nullable(),
  /** When the opening event was recorded: the clocks count from it. */
  openedAt: z.number(),
  acknowledgedAt: z.number().nullable(),
  acknowledgedBy: z.string().nullable(),
  /** When a person recorded that the device is contained. */
  containedAt: z.number().nullable(),
  snoozedUntil: z.number().nullable(),
  closedAt: z.number().nullable(),
  closedBy: z.string().nullable(),
  verdict: verdict.nullable(),
  reason: z.string().nullable(),
  notes: z.number().int(),
  due: dueTimes,
  /** When a clock ran out before it was met; null while it did not. */
  breached: z.object({ acknowledge: z.number().nullable(), contain: z.number().nullable() }),
  /** The closed alert of the same detector and device that this one follows. */
  previous: z.string().nullable(),
  /** The chain's sequence that last changed it, folded findings included. */
  sequence: z.number().int(),
  /**
   * The chain's sequence of the last event that changed what a person decides on: what an action is checked against (the ETag). One more
   * finding does not move it unless it made the alert worse; a clock that ran out does not either.
   */
  version: z.number().int(),
  /** What `version` was. */
  lastChange: z.object({ type: z.string(), actor: z.string(), at: z.number() }),
})
export type Alert = z.infer<typeof alert>
