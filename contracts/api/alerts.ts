import { z } from 'zod'
import { alert, verdict } from '../alert.ts'
import { bulkAlertsMax, noteCharactersMax, reasonCharactersMax } from '../case-event.ts'
import { severity } from '../finding.ts'

/** `triage`: new and acknowledged. `mine`: those of them that the asker owns. */
export const alertTabs = ['triage', 'mine', 'snoozed', 'closed', 'all'] as const
export const alertTab = z.enum(alertTabs)
export type AlertTab = z.infer<typeof alertTab>
/** `due`: the next clock that runs out first (closed and snoozed: newest change first). */
export const alertSorts = ['due', 'newest', 'score'] as const
export const alertSort = z.enum(alertSorts)
export type AlertSort = z.infer<typeof alertSort>

/** An alert as the queue shows it: with what the registry knows of the device. */
export const alertView = alert.extend({
  ward: z.string().nullable(),
  model: z.string().nullable(),
  /** The earlier of the clocks that still run, ms; null when none does. */
  nextDueAt: z.number().nullable(),
})
export type AlertView = z.infer<typeof alertView>

const filters = {
  severity: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(severity))
    .exactOptional(),
  site: z.string().max(128).exactOptional(),
  device: z.string().max(128).exactOptional(),
  detector: z.string().max(64).exactOptional(),
  /** Words that all must stand in id, title, device, ward, model, site or why, without regard to case. */
  q: z.string().max(200).exactOptional(),
  /** Last seen at or after / before, ms. */
  from: z.coerce.number().exactOptional(),
  to: z.coerce.number().exactOptional(),
  pastDue: z.stringbool().exactOptional(),
}
export const alertListQuery = z.object({
  tab: alertTab.default('triage'),
  sort: alertSort.default('due'),
  ...filters,
  cursor: z.string().max(512).exactOptional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export type AlertListQuery = z.infer<typeof alertListQuery>
export const alertList = z.object({
  items: z.array(alertView),
  /** Of the tab with these filters; exact up to 10,000. */
  total: z.number().int(),
  next: z.string().nullable(),
  /** The chain's end when this was read: SSE events above it are newer. */
  sequence: z.number().int(),
})

const bySeverity = z.object({ critical: z.number(), high: z.number(), medium: z.number(), low: z.number() })
export const alertSummary = z.object({
  tabs: z.object({ triage: z.number(), mine: z.number(), snoozed: z.number(), closed: z.number() }),
  /** Of the alerts that need triage. */
  severities: bySeverity,
  /** Alerts that need triage and whose next clock has run out. */
  pastDue: z.number(),
  /** The last 60 minutes, oldest first: alerts opened by minute and severity. */
  histogram: z.array(bySeverity.extend({ minute: z.number() })),
  lastAlertAt: z.number().nullable(),
  /** Findings hidden by suppressions that are in force. */
  suppressed: z.object({ active: z.number(), hidden: z.number() }),
  /** Enrolled devices, and those heard in the last 5 minutes. */
  devices: z.object({ enrolled: z.number(), reporting: z.number() }),
  sequence: z.number().int(),
})
export type AlertSummary = z.infer<typeof alertSummary>

/** What is known of the device of an alert: the asset strip. Null fields are unknown, not zero. */
export const asset = z.object({
  device: z.string(),
  site: z.string().nullable(),
  ward: z.string().nullable(),
  model: z.string().nullable(),
  /** What the device last reported; until it does, what the registry has. */
  firmware: z.string().nullable(),
  /** What it was registered with: another than `firmware` means that it was changed since. */
  firmwareRegistered: z.string().nullable(),
  status: z.enum(['enrolled', 'revoked', 'unknown']),
  enrolledAt: z.number().nullable(),
  lastHeardAt: z.number().nullable(),
  lastAddress: z.string().nullable(),
  /** Other enrolled devices of the model. */
  peersOnModel: z.number().int().nullable(),
  openAlerts: z.number().int(),
})
export type Asset = z.infer<typeof asset>

export const alertDetail = z.object({
  alert: alertView,
  asset: asset.nullable(),
  /** Other alerts of the same device within a day of it, newest first; at most 20. */
  related: z.array(alertView),
  /** The detector's own page: docs/runbooks/<id>.md as text. */
  runbook: z.string().nullable(),
})
export type AlertDetail = z.infer<typeof alertDetail>

/** One line of the timeline: a case event, without the chain's inner workings. */
export const timelineEntry = z.object({
  sequence: z.number().int(),
  type: z.string(),
  /** When it occurred (a finding: at the device) and when it was recorded, ms. */
  occurredAt: z.number(),
  recordedAt: z.number(),
  actor: z.string(),
  text: z.string(),
  hash: z.string(),
})
export const timeline = z.object({ items: z.array(timelineEntry), next: z.string().nullable() })
export type TimelineEntry = z.infer<typeof timelineEntry>

/**
 * A plot. `times` and `values` are equally long, oldest first; a null is a gap and is drawn as one. Each point is the mean of a bucket of
 * `bucketMs`, `low`/`high` its extremes. `band` is what is usual for this device before the anomaly; null with `learning` set when it is not ready.
 */
export const signal = z.object({
  id: z.string(),
  title: z.string(),
  unit: z.string(),
  role: z.enum(['primary', 'related']),
  bucketMs: z.number(),
  times: z.array(z.number()),
  values: z.array(z.number().nullable()),
  low: z.array(z.number().nullable()),
  high: z.array(z.number().nullable()),
  band: z.object({ low: z.array(z.number()), high: z.array(z.number()), of: z.string() }).nullable(),
  /** e.g. "Learning, 3 of 10 min" */
  learning: z.string().nullable(),
  /** What the alert is about, ms; `to` null while it goes on. */
  anomaly: z.object({ from: z.number(), to: z.number().nullable() }).nullable(),
})
export type Signal = z.infer<typeof signal>
export const signalsQuery = z.object({ from: z.coerce.number().exactOptional(), to: z.coerce.number().exactOptional() })
/** `behind`: history in ClickHouse is behind the log by this much, ms; null when it is not. */
export const signals = z.object({ signals: z.array(signal), behindMs: z.number().nullable() })

export const sparksQuery = z.object({
  ids: z
    .string()
    .max(4_000)
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().max(64)).min(1).max(60)),
})
/** By alert id: 32 buckets, oldest first; from `anomalyFrom` on it is the anomaly (null: none of it is in sight). */
export const sparks = z.object({
  sparks: z.record(z.string(), z.object({ values: z.array(z.number().nullable()), anomalyFrom: z.number().int().nullable() })),
})

const reason = z.string().trim().min(1).max(reasonCharactersMax)
export const assignBody = z.strictObject({ owner: z.string().max(64).nullable() })
export const snoozeBody = z.strictObject({ until: z.number().int() })
export const closeBody = z.strictObject({ verdict, reason })
export const noteBody = z.strictObject({ note: z.string().trim().min(1).max(noteCharactersMax) })
export const containBody = z.strictObject({ reason })
/** Takes back the asker's own last action on the alert; `undoes` is that action's sequence (the ETag it answered). */
export const undoBody = z.strictObject({ undoes: z.number().int() })
export const actionAnswer = z.object({ alert: alertView, event: timelineEntry })

/** One event an alert; an alert whose version has moved on is left as it is and told, the others go through. */
export const bulkBody = z.strictObject({
  action: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('acknowledge') }),
    z.strictObject({ type: z.literal('assign'), owner: z.string().max(64).nullable() }),
    z.strictObject({ type: z.literal('snooze'), until: z.number().int() }),
    z.strictObject({ type: z.literal('close'), verdict, reason }),
  ]),
  alerts: z
    .array(z.strictObject({ id: z.string().max(64), version: z.number().int() }))
    .min(1)
    .max(bulkAlertsMax),
})
export const bulkAnswer = z.object({
  bulk: z.string(),
  done: z.array(alertView),
  refused: z.array(z.object({ id: z.string(), reason: z.string(), changedBy: z.string().nullable(), alert: alertView.nullable() })),
})

export const exportQuery = z.object({
  format: z.enum(['ocsf', 'fhir']).default('ocsf'),
  as: z.enum(['json', 'ndjson']).default('json'),
  tab: alertTab.default('all'),
  ...filters,
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
})
