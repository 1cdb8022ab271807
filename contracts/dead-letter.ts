import { z } from 'zod'

/** A value of `dead-letters.v1`: what came from elsewhere than our own edge and could not even become an envelope. JSON. */
export const deadLetter = z.object({
  reason: z.string().max(64),
  detail: z.string().max(1_024),
  /** When it was received, ms. */
  receivedAt: z.number(),
  /** Where it came from, e.g. the MQTT topic at another broker. */
  origin: z.string().max(256),
  device: z.string().nullable(),
  site: z.string().nullable(),
  /** The original bytes. */
  payloadBase64: z.string(),
})
export type DeadLetter = z.infer<typeof deadLetter>
