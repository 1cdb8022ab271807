import { z } from 'zod'

/**
 * What detectors see: one ordered stream a device joins what it *says* (readings, posture) with how it *behaves* (sessions).
 * All times are milliseconds since the epoch. `receivedAt` is the edge's clock; `deviceTime` is the device's own claim.
 */
const seen = {
  /** The edge's clock when the bytes had arrived, ms. */
  receivedAt: z.number(),
  device: z.string(),
  site: z.string(),
}

export const reading = z.object({
  kind: z.literal('reading'),
  ...seen,
  model: z.string(),
  /** The session that brought it: the `session` of its connect observation. */
  session: z.string(),
  /** The device's own clock, ms; null when it sends none. */
  deviceTime: z.number().nullable(),
  /** The device's own message counter; null when it sends none. */
  seq: z.number().int().nullable(),
  bootId: z.string().optional(),
  firmware: z.string().nullable(),
  batteryPercent: z.number().optional(),
  /** Name (contracts/vitals.ts, or the device's own) to value, in the table's unit. */
  vitals: z.record(z.string(), z.number()),
  /** Vitals whose value was a sentinel for "not connected", with that value. Absent when there was none. */
  sentinels: z.record(z.string(), z.number()).optional(),
  /** Length of the payload. */
  bytes: z.number().int(),
  /** 32-bit murmur2 of the payload's bytes: equal bytes give equal hashes. */
  payloadHash: z.number().int(),
  /** The MQTT DUP flag: the device says that it sends this again. */
  redelivered: z.boolean(),
})

export const sessionEvents = [
  'connect',
  'refused',
  'takeover',
  'disconnect',
  'will',
  'subscribe',
  'aclDenied',
  'malformed',
  'oversize',
  'throttled',
] as const

export const refusalReasons = [
  'no-certificate',
  'untrusted-certificate',
  'expired-certificate',
  'wrong-purpose',
  'tls-version',
  'tls-handshake',
  'handshake-timeout',
  'unknown-identity',
  /** Who the registry does not list, or whose password is wrong by it, while the edge could not read the registry to its end. */
  'registry-behind',
  'revoked',
  'client-id-mismatch',
  'empty-client-id',
  'bad-credentials',
  'password-not-enabled',
  'protocol-version',
  'connect-timeout',
  'connections-max',
  'connect-rate',
  'log-unavailable',
  /** From a load balancer that may tell the source: its PROXY header was wrong or missing, or did not come in time. */
  'proxy-header',
  'proxy-timeout',
  /** A PROXY header from an address that may not tell one. */
  'proxy-unlisted',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

export const session = z.object({
  kind: z.literal('session'),
  receivedAt: z.number(),
  event: z.enum(sessionEvents),
  /** The proven identity; for a refusal the identity that was *claimed* (certificate's common name, else user name, else client id). */
  device: z.string().nullable(),
  site: z.string().nullable(),
  model: z.string().nullable(),
  /** Unique per connection attempt. */
  session: z.string(),
  /** The network address the connection came from, without the port. */
  address: z.string(),
  clientId: z.string().nullable(),
  userName: z.string().nullable(),
  /** SHA-256 of the client certificate, lower-case hex; null without one. */
  fingerprint: z.string().nullable(),
  tlsVersion: z.string().nullable(),
  cipher: z.string().nullable(),
  /** A `RefusalReason` for `refused`; otherwise a short stable word, e.g. `publish-denied`, `subscribe-denied`, `wildcard`, `packet-bytes`. */
  reason: z.string().nullable(),
  /** The topic or filter of an aclDenied, subscribe or will; escaped and cut to 256 characters. */
  topic: z.string().nullable(),
  /** A number that goes with the reason: declared bytes of an oversize, publishes/s of a throttle. */
  amount: z.number().nullable(),
})

export const posture = z.object({
  kind: z.literal('posture'),
  ...seen,
  model: z.string(),
  session: z.string(),
  deviceTime: z.number().nullable(),
  change: z.enum(['firmware', 'ota', 'configuration', 'therapy', 'login']),
  /** What changed: a parameter's name, an OTA step, a user. */
  subject: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  actor: z.string().nullable(),
})

/**
 * Whether a device is heard: derived from its readings by `detectors/derivations/presence.ts` and keyed by `site:<site>`,
 * so that one detector can weigh a device's silence against its site's. May come twice after a crash: fold it idempotently.
 */
export const presence = z.object({
  kind: z.literal('presence'),
  ...seen,
  state: z.enum(['present', 'absent']),
  /** absent: when it was last heard, ms; present: when it was first heard again. */
  since: z.number(),
  /** The interval at which it was expected, ms. */
  expectedIntervalMs: z.number(),
})

export const observation = z.discriminatedUnion('kind', [reading, session, posture, presence])

export type Reading = z.infer<typeof reading>
export type Session = z.infer<typeof session>
export type SessionEvent = Session['event']
export type Posture = z.infer<typeof posture>
export type Presence = z.infer<typeof presence>
export type Observation = z.infer<typeof observation>
export type ObservationKind = Observation['kind']
