import { z } from 'zod'

/** What an alert is about when it is not about one device or one address: the subjects that nothing may be hidden on. */
const shared = /^(site:|channel:|overflow$)/

/** One detector on one device (or one source address) or one model: never a severity, never a site. */
export const suppressionScope = z.union([
  z.strictObject({
    device: z
      .string()
      .min(1)
      .max(128)
      .refine((device) => !shared.test(device), 'one device or one model: a site, a channel or the overflow can not be suppressed'),
  }),
  z.strictObject({ model: z.string().min(1).max(64) }),
])
export type SuppressionScope = z.infer<typeof suppressionScope>

/** Findings that are known and harmless for a while: hidden, counted, and shown again when it ends. */
export const suppression = z.object({
  id: z.string(),
  detector: z.string(),
  scope: suppressionScope,
  owner: z.string(),
  reason: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  endedAt: z.number().nullable(),
  endedBy: z.string().nullable(),
  /** Findings that it has hidden, and the newest's time. */
  hidden: z.number().int(),
  lastHiddenAt: z.number().nullable(),
})
export type Suppression = z.infer<typeof suppression>

export const suppressionDaysMax = 90
