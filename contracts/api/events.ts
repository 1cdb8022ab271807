import { z } from 'zod'
import { alertSummary, alertView, timelineEntry } from './alerts.ts'
import { vitalSigns } from './pipeline.ts'

/**
 * Events of `GET /api/v1/events` (text/event-stream). `alert` carries the chain's sequence as its id; a client that comes back with
 * `Last-Event-ID` gets what it missed, or `reset` when that is no longer held: then it fetches everything anew.
 * `pipeline` comes each second, `summary` at most each second when it changed, `heartbeat` at least every 5 s; those have no id.
 */
export const alertEvent = z.object({ alert: alertView, event: timelineEntry })
export const resetEvent = z.object({ sequence: z.number().int() })
export const heartbeatEvent = z.object({ nowMs: z.number(), sequence: z.number().int() })
export const streamEvents = {
  alert: alertEvent,
  reset: resetEvent,
  heartbeat: heartbeatEvent,
  pipeline: vitalSigns,
  summary: alertSummary,
} as const
export type StreamEvents = { readonly [Name in keyof typeof streamEvents]: z.infer<(typeof streamEvents)[Name]> }

/** The console is stale without any event for this long, ms. */
export const staleAfterMs = 15_000
export const heartbeatEveryMs = 5_000
