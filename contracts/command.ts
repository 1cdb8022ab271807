import { z } from 'zod'

/** A command on its way down to a device, published on `v1/<site>/<device>/command` at QoS 1. */
export const command = z.object({
  id: z.string(),
  device: z.string(),
  site: z.string(),
  /** JSON text that the device gets. At most 16 KiB. */
  payload: z.string().max(16_384),
  issuedAt: z.number(),
  expiresAt: z.number(),
})
export type Command = z.infer<typeof command>

/** Records of `commands.v1`, keyed by device: a command, and that a device has acknowledged it. */
export const commandRecord = z.discriminatedUnion('type', [
  z.object({ type: z.literal('issued'), command }),
  z.object({ type: z.literal('delivered'), id: z.string(), device: z.string(), at: z.number() }),
])
export type CommandRecord = z.infer<typeof commandRecord>
