import { z } from 'zod'
import { deviceId, siteId } from './identifiers.ts'

/** A device as the registry knows it: the fold of `registry.v1`. */
export const deviceRecord = z.object({
  device: deviceId,
  site: siteId,
  ward: z.string().max(64),
  model: z.string().max(64),
  firmware: z.string().max(64).nullable(),
  status: z.enum(['enrolled', 'revoked']),
  /** SHA-256 of each certificate that may be used now, lower-case hex; the newest last. Empty for a password-only device. */
  fingerprints: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** argon2id PHC string; null unless enrolled for user name and password (the user name is the device id). */
  passwordHash: z.string().nullable(),
  enrolledAt: z.number(),
  revokedAt: z.number().nullable(),
  revokedReason: z.string().max(256).nullable(),
})
export type DeviceRecord = z.infer<typeof deviceRecord>

/** Events of `registry.v1`, keyed by device. The fold is `registry/fold.ts`. */
export const registryEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('enrolled'), at: z.number(), record: deviceRecord }),
  z.object({ type: z.literal('revoked'), at: z.number(), device: deviceId, reason: z.string().max(256) }),
])
export type RegistryEvent = z.infer<typeof registryEvent>

/** What the broker asks at connect; kept current in memory by whoever tails `registry.v1`. */
export interface DeviceDirectory {
  device(id: string): DeviceRecord | undefined
  byFingerprint(fingerprint: string): DeviceRecord | undefined
  /** Whether any device may sign in by password: without one the listener demands a certificate in the handshake. */
  readonly passwordDevices: number
  /** Tells each change after it was applied; answers a function that stops it. */
  onChange(listener: (record: DeviceRecord) => void): () => void
}
