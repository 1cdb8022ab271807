import type { Clock } from '../contracts/clock.ts'
import { type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import { isIdentifier } from '../contracts/identifiers.ts'
import { type DeviceRecord, type RegistryEvent, deviceRecord } from '../contracts/registry.ts'
import type { Authority } from './authority.ts'
import { type Directory, changedAt } from './fold.ts'
import { hashPassword, passwordFault } from './passwords.ts'

export interface Registry {
  readonly log: EventLog
  /** The one that `followRegistry` keeps current; wait for `caughtUp` first. */
  readonly directory: Directory
  readonly authority: Authority
  readonly clock: Clock
}

export interface EnrolRequest {
  readonly device: string
  readonly site: string
  readonly ward: string
  readonly model: string
  readonly firmware?: string
  /** Certify this key; without it, and without a password, a key is made. */
  readonly csrPem?: string
  /** Enrols a legacy device for user name and password *instead of* a certificate. */
  readonly password?: string
  /** Certificate's term; 398 unless given. */
  readonly days?: number
  /** What to do with a device that is enrolled: `renew` replaces its certificates or password, `add` keeps its three newest certificates valid too. */
  readonly again?: 'renew' | 'add'
  /** Enrols a revoked device anew; its old certificates stay worthless. */
  readonly reinstate?: boolean
}

type Refusal =
  | 'bad-identifier'
  | 'bad-request'
  | 'already-enrolled'
  | 'already-revoked'
  | 'unknown-device'
  | 'revoked'
  | 'registry-full'
  | 'log-unavailable'
type Refused = { readonly ok: false; readonly reason: Refusal; readonly detail: string }

export type Enrolled =
  | {
      readonly ok: true
      readonly record: DeviceRecord
      readonly caPem: string
      /** Null for a password device. */
      readonly certificatePem: string | null
      /** Only when the key was made here; it is kept nowhere. */
      readonly privateKeyPem: string | null
    }
  | Refused

export type Revoked = { readonly ok: true; readonly record: DeviceRecord } | Refused

const daysUsual = 398
/** The directory stands in every broker's memory. */
const devicesMax = 200_000
const fingerprintsMax = 4

const refused = (reason: Refusal, detail: string): Refused => ({ ok: false, reason, detail })

/** One change a device at a time: two that ran at once would both see the record as it was. */
const running = new WeakMap<Directory, Map<string, Promise<unknown>>>()

const oneAtATime = async <T>(directory: Directory, device: string, work: () => Promise<T>): Promise<T> => {
  const ofDirectory = running.get(directory) ?? new Map<string, Promise<unknown>>()
  running.set(directory, ofDirectory)
  const turn = (ofDirectory.get(device) ?? Promise.resolve()).then(work, work)
  ofDirectory.set(device, turn)
  try {
    return await turn
  } finally {
    if (ofDirectory.get(device) === turn) ofDirectory.delete(device)
  }
}

/** Durable first; then into the directory, which ignores it when the log brings it again. */
const record = async (
  { log, directory }: Pick<Registry, 'log' | 'directory'>,
  device: string,
  event: RegistryEvent,
): Promise<Refused | null> => {
  try {
    await log.append('registry.v1', [{ key: device, value: Buffer.from(JSON.stringify(event)) }])
  } catch (error) {
    if (error instanceof LogUnavailable) return refused('log-unavailable', error.message)
    throw error
  }
  directory.apply(event)
  return null
}

/** Later than the device's last change, though the clock may have been set back: the fold goes by it. */
const nextChange = (before: DeviceRecord | undefined, clock: Clock): number =>
  before === undefined ? clock.now() : Math.max(clock.now(), changedAt(before) + 1)

const commandFor = ({ device, site }: DeviceRecord, flag: string): string => `wardwatch device enrol ${device} --site ${site} ${flag}`

const whyNot = (before: DeviceRecord | undefined, { again, reinstate }: EnrolRequest, directory: Directory): Refused | null => {
  if (before?.status === 'enrolled' && again === undefined)
    return refused('already-enrolled', `${before.device} is enrolled: ${commandFor(before, '--renew')} gives it new credentials`)
  if (before?.status === 'revoked' && reinstate !== true)
    return refused('revoked', `${before.device} was revoked: ${commandFor(before, '--reinstate')} enrols it again`)
  return before === undefined && directory.size >= devicesMax ? refused('registry-full', `there are ${devicesMax} devices`) : null
}

const enrolNow = async (registry: Registry, request: EnrolRequest): Promise<Enrolled> => {
  const { directory, authority, clock } = registry
  const { device, csrPem, password, days = daysUsual } = request
  const before = directory.device(device)
  const refusal = whyNot(before, request, directory)
  if (refusal !== null) return refusal
  const at = nextChange(before, clock)
  const draft: DeviceRecord = {
    device,
    site: request.site,
    ward: request.ward,
    model: request.model,
    firmware: request.firmware ?? null,
    status: 'enrolled',
    fingerprints: [],
    passwordHash: null,
    enrolledAt: at,
    revokedAt: null,
    revokedReason: null,
  }
  const checked = deviceRecord.safeParse(draft)
  if (!checked.success) return refused('bad-request', `${checked.error.issues[0]?.path.join('.') ?? 'it'} is not allowed`)

  if (password !== undefined) {
    const withPassword = { ...draft, passwordHash: await hashPassword(password) }
    const unavailable = await record(registry, device, { type: 'enrolled', at, record: withPassword })
    return unavailable ?? { ok: true, record: withPassword, caPem: authority.certificatePem, certificatePem: null, privateKeyPem: null }
  }

  const issued =
    csrPem === undefined
      ? { ok: true as const, ...(await authority.issueDeviceCertificate({ device, days })) }
      : { privateKeyPem: null, ...(await authority.signRequest(csrPem, device, days)) }
  if (!issued.ok) return refused(issued.reason, issued.detail)
  const kept = request.again === 'add' && before?.status === 'enrolled' ? before.fingerprints.slice(1 - fingerprintsMax) : []
  const withCertificate = { ...draft, fingerprints: [...kept, issued.fingerprint] }
  const unavailable = await record(registry, device, { type: 'enrolled', at, record: withCertificate })
  return (
    unavailable ?? {
      ok: true,
      record: withCertificate,
      caPem: authority.certificatePem,
      certificatePem: issued.certificatePem,
      privateKeyPem: issued.privateKeyPem,
    }
  )
}

/** Text that people and cohort keys see: no control characters or other invisible ones. */
const isPlain = (text: string): boolean => !/\p{C}/u.test(text)

/**
 * Enrols a device and answers once that is durable: with a key and certificate made here, a certificate for the key of a signing request, or a
 * password. What it may not do is a value with a reason; a certificate whose event did not get into the log is in no directory and good for nothing.
 */
export const enrolDevice = async (registry: Registry, request: EnrolRequest): Promise<Enrolled> => {
  if (!isIdentifier(request.device)) return refused('bad-identifier', 'a device id is 1 to 64 of A-Z a-z 0-9 . _ -')
  if (!isIdentifier(request.site)) return refused('bad-identifier', 'a site id is 1 to 64 of A-Z a-z 0-9 . _ -')
  if (request.csrPem !== undefined && request.password !== undefined)
    return refused('bad-request', 'a signing request or a password, not both')
  const days = request.days ?? daysUsual
  if (!(days > 0 && days <= 3_650)) return refused('bad-request', 'a term is 1 to 3650 days')
  if (![request.ward, request.model, request.firmware ?? ''].every(isPlain))
    return refused('bad-request', 'invisible characters are not allowed')
  const fault = request.password === undefined ? null : passwordFault(request.password)
  if (fault !== null) return refused('bad-request', fault)
  return oneAtATime(registry.directory, request.device, () => enrolNow(registry, request))
}

/** Revokes a device, all its certificates and its password; answers once that is durable. Brokers that follow the log kick it. */
export const revokeDevice = (
  registry: Pick<Registry, 'log' | 'directory' | 'clock'>,
  { device, reason }: { readonly device: string; readonly reason: string },
): Promise<Revoked> =>
  oneAtATime(registry.directory, device, async () => {
    const before = registry.directory.device(device)
    if (before === undefined) return refused('unknown-device', 'no such device is enrolled')
    if (before.status === 'revoked') return refused('already-revoked', `${device} was revoked before`)
    if (reason.length > 256 || !isPlain(reason)) return refused('bad-request', 'a reason is at most 256 characters, none of them invisible')
    const unavailable = await record(registry, device, { type: 'revoked', at: nextChange(before, registry.clock), device, reason })
    return unavailable ?? { ok: true, record: registry.directory.device(device)! }
  })

/** The devices, sorted by id. */
export const listDevices = (
  directory: Directory,
  only: { readonly site?: string; readonly status?: DeviceRecord['status'] } = {},
): readonly DeviceRecord[] =>
  [...directory.devices()]
    .filter(({ site, status }) => (only.site ?? site) === site && (only.status ?? status) === status)
    .sort((a, b) => (a.device < b.device ? -1 : 1))
