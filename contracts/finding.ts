import { createHash } from 'node:crypto'
import { z } from 'zod'

export const severities = ['low', 'medium', 'high', 'critical'] as const
export const severity = z.enum(severities)
export type Severity = z.infer<typeof severity>

/** Positive when `a` is worse than `b`. */
export const compareSeverity = (a: Severity, b: Severity): number => severities.indexOf(a) - severities.indexOf(b)

/** Where in the log a finding was triggered. */
export const logPosition = z.object({
  topic: z.string(),
  partition: z.number().int(),
  offset: z.number().int(),
})
export type LogPosition = z.infer<typeof logPosition>

export const evidence = z.object({
  feature: z.string(),
  observed: z.union([z.number(), z.string()]),
  expected: z.union([z.number(), z.string()]),
  unit: z.string(),
})
export type Evidence = z.infer<typeof evidence>

/** A detector's verdict. `id` is a hash of detector, version, key and trigger: a replay yields the same findings with the same ids. */
export const finding = z.object({
  id: z.string(),
  detector: z.string(),
  version: z.number().int(),
  title: z.string(),
  /** The key of the detector's state: device id, source address or cohort. */
  key: z.string(),
  /** The device it is about; for a source or a site, that itself (`address:..`, `site:..`). Alerts fold on detector and device. */
  device: z.string(),
  site: z.string().nullable(),
  severity,
  /** 0..1 */
  score: z.number().min(0).max(1),
  attack: z.array(z.string()),
  controls: z.array(z.string()),
  why: z.string(),
  evidence: z.array(evidence),
  /** Record time of the trigger, ms. */
  at: z.number(),
  /** The record that triggered it, and how many findings of this record came before it. */
  position: logPosition,
  index: z.number().int(),
  /** The decoder's version, so that a mended decoder's findings can be told apart. */
  decoderVersion: z.number().int(),
})
export type Finding = z.infer<typeof finding>

/** A finding's id: 16 bytes of SHA-256 in hex over what makes it unique. `ordinal` counts a detector's findings at one record. */
export const findingId = (detector: string, version: number, key: string, position: LogPosition, ordinal: number): string =>
  createHash('sha256')
    .update(JSON.stringify([detector, version, key, position.topic, position.partition, position.offset, ordinal]))
    .digest('hex')
    .slice(0, 32)
