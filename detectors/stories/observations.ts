import type { Observation, Posture, Presence, Reading, Session } from '../../contracts/observation.ts'
import { textHash } from '../math/text-hash.ts'

/** When the stories begin: any moment will do, as long as it is the same. */
export const storyStartMs = 1_795_000_000_000

/** A second of the story, ms. */
export const second = (n: number): number => storyStartMs + n * 1_000

const defaults = { device: 'monitor-1', site: 'north', model: 'bedside-3', session: 'session-1' }

export const reading = (atMs: number, given: Partial<Reading> = {}): Reading => {
  const { deviceTime = atMs, seq = null, vitals = { hr: 72 } } = given
  return {
    kind: 'reading',
    ...defaults,
    receivedAt: atMs,
    deviceTime,
    seq,
    firmware: '1.0.0',
    vitals,
    bytes: 120,
    // As the broker's does, the hash follows the payload and not when it came.
    payloadHash: textHash(JSON.stringify([deviceTime, seq, vitals])),
    redelivered: false,
    ...given,
  }
}

export interface Rhythm {
  readonly count: number
  readonly fromMs?: number
  readonly everyMs?: number
  /** Sequence number of the first; null for a device without a counter. */
  readonly seq?: number | null
}

/** A device's regular readings; `each` changes the i-th. */
export const readings = (
  { count, fromMs = storyStartMs, everyMs = 1_000, seq = 1 }: Rhythm,
  each: (i: number, atMs: number) => Partial<Reading> = () => ({}),
): Reading[] =>
  Array.from({ length: count }, (_, i) => {
    const atMs = fromMs + i * everyMs
    return reading(atMs, { seq: seq === null ? null : seq + i, ...each(i, atMs) })
  })

/** The same bytes again, later. */
export const again = (copied: Reading, atMs: number, given: Partial<Reading> = {}): Reading => ({ ...copied, receivedAt: atMs, ...given })

export const session = (event: Session['event'], atMs: number, given: Partial<Session> = {}): Session => ({
  kind: 'session',
  receivedAt: atMs,
  event,
  ...defaults,
  address: '10.1.0.7',
  clientId: 'monitor-1',
  userName: null,
  fingerprint: 'a'.repeat(64),
  tlsVersion: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  reason: null,
  topic: null,
  amount: null,
  ...given,
})

/** A sign-in by name and password that was refused. */
export const guess = (atMs: number, name: string, given: Partial<Session> = {}): Session =>
  session('refused', atMs, {
    device: name,
    userName: name,
    clientId: name,
    fingerprint: null,
    model: null,
    address: '10.9.9.9',
    reason: 'bad-credentials',
    ...given,
  })

export const posture = (atMs: number, given: Partial<Posture> = {}): Posture => ({
  kind: 'posture',
  ...defaults,
  receivedAt: atMs,
  deviceTime: atMs,
  change: 'therapy',
  subject: 'infusionRate',
  from: '5',
  to: '12',
  actor: 'nurse-7',
  ...given,
})

export const presence = (state: Presence['state'], device: string, atMs: number, given: Partial<Presence> = {}): Presence => ({
  kind: 'presence',
  receivedAt: atMs,
  device,
  site: 'north',
  state,
  since: atMs,
  expectedIntervalMs: 1_000,
  ...given,
})

/** `count` of what `make` makes. */
export const times = <T extends Observation>(count: number, make: (i: number) => T | readonly T[]): T[] =>
  Array.from({ length: count }, (_, i) => make(i)).flat() as T[]

/** A repeatable wobble between -1 and 1 without randomness: the fractional parts of multiples of the golden ratio. */
export const wobble = (i: number): number => {
  const part = (i * 0.618_033_988_749_895) % 1
  return part * 2 - 1
}
