import { z } from 'zod'
import { alertView } from './alerts.ts'
import { asset } from './alerts.ts'

/** A station of the data's way. A null is "not measured", never zero. */
export const stage = z.object({
  id: z.enum(['edge', 'log', 'detect', 'triage', 'landing', 'paging']),
  title: z.string(),
  state: z.enum(['running', 'behind', 'down', 'unknown']),
  inPerSecond: z.number().nullable(),
  outPerSecond: z.number().nullable(),
  latencyP50Ms: z.number().nullable(),
  latencyP99Ms: z.number().nullable(),
  queue: z.number().nullable(),
  drops: z.number().nullable(),
  deadLetters: z.number().nullable(),
  restarts: z.number().nullable(),
  /** Each second of the last 5 minutes, oldest first: `inPerSecond`. */
  history: z.array(z.number().nullable()),
  problem: z.string().nullable(),
})
export type Stage = z.infer<typeof stage>

/** What the top bar shows; also sent each second as the SSE event `pipeline`. */
export const vitalSigns = z.object({
  nowMs: z.number(),
  readingsPerSecond: z.number().nullable(),
  connections: z.number().nullable(),
  lagMs: z.number().nullable(),
  drops: z.number().nullable(),
  ackP99Ms: z.number().nullable(),
  /** How far ClickHouse is behind the log, ms. */
  historyBehindMs: z.number().nullable(),
  /** Another desk leads, and this one only reads: where that is, if anybody knows; null at the one that leads. */
  readsOnly: z.object({ leader: z.string().nullable() }).nullable(),
  problems: z.array(z.string()),
})
export type VitalSigns = z.infer<typeof vitalSigns>

export const pipeline = z.object({ signs: vitalSigns, stages: z.array(stage) })
export type Pipeline = z.infer<typeof pipeline>

export const searchQuery = z.object({ q: z.string().min(1).max(200), limit: z.coerce.number().int().min(1).max(50).default(20) })
export const searchAnswer = z.object({ alerts: z.array(alertView), devices: z.array(asset) })
