import { z } from 'zod'
import type { EventLog } from './event-log.ts'

/** That a desk has taken the lead, as `leaders.v1` keeps it. */
export const leadTaken = z.strictObject({
  /** Nobody else's. */
  term: z.string().min(1).max(64),
  node: z.string().max(128),
  /** Where its console is. */
  url: z.string().max(512),
  /** The devices' CA, by its fingerprint: all desks of a log have the same. */
  authority: z.string().max(128),
  at: z.number(),
})
export type LeadTaken = z.infer<typeof leadTaken>

/** This desk may not lead on this log, until people have changed something. */
export class LeadRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LeadRefused'
  }
}

/**
 * Which of several desks may append to `ledTopics`. Two adapters: `stream/sole-leadership.ts`, where the log has one owner anyway, and
 * `stream/kafka/kafka-leadership.ts`. What a desk that led before still has under way when another takes the lead is in the log by then, or
 * will never be.
 */
export interface Leadership {
  /** The log, whose `ledTopics` only who leads can append to; anybody else is refused with 'not-leading'. */
  readonly log: EventLog
  /** Whether this process leads. True from the start where there can be no other. */
  readonly leads: boolean
  /** Who leads, as far as is known here. */
  leader(): LeadTaken | null
  /**
   * Stands for the lead from now on. `onElected` is awaited: everything of those who led before is in the log when it is called, it may append, and
   * `leads` is true when it has resolved. Resolves once it is known whether this process or another was chosen; rejects with
   * `LeadRefused` when it may not stand (who leads has another CA), with `LogUnavailable` as the log does.
   */
  campaign(as: { readonly url: string; readonly authority: string; readonly onElected: () => Promise<void> }): Promise<void>
  /** Resolves when it is certain that this process still leads, for what can't be taken back; stays pending while it is not. */
  sure(): Promise<void>
  /** Rejects when the lead was lost, or can't be stood for; stays pending otherwise, resolves on close. */
  readonly failed: Promise<void>
  stats(): Readonly<Record<string, number>>
  /** Gives up the lead. Closes no log. Idempotent. */
  close(): Promise<void>
}
