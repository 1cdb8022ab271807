import { X509Certificate } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../contracts/logger.ts'
import { LogUnavailable } from '../contracts/event-log.ts'
import { type LogMemory, openMemoryLog } from '../stream/memory-log.ts'
import { type Authority, createAuthority } from './authority.ts'
import { type Enrolled, type EnrolRequest, type Registry, enrolDevice, listDevices, revokeDevice } from './enrol.ts'
import { createDirectory } from './fold.ts'
import { followRegistry } from './follow.ts'
import { verifyPassword } from './passwords.ts'

let now = 1_795_466_400_000
const clock = { now: () => now }
const pump: EnrolRequest = { device: 'pump-1', site: 'general', ward: 'ICU 2', model: 'infuse-3', firmware: '1.2' }
let authority: Authority
let memory: LogMemory
let registry: Registry
beforeAll(async () => {
  authority = await createAuthority({ siteName: 'general', clock })
})
beforeEach(() => {
  memory = new Map()
  registry = { log: openMemoryLog(memory), directory: createDirectory(), authority, clock }
})

const enrol = (over: Partial<EnrolRequest> = {}): Promise<Enrolled> => enrolDevice(registry, { ...pump, ...over })
const enrolled = async (over: Partial<EnrolRequest> = {}): Promise<Extract<Enrolled, { ok: true }>> => {
  const result = await enrol(over)
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`)
  return result
}
const reasonOf = (result: { ok: boolean; reason?: string }): string => (result.ok ? 'ok' : result.reason!)

describe('enrolment', () => {
  it('makes a key and a certificate that the directory knows at once', async () => {
    const { record, certificatePem, privateKeyPem, caPem } = await enrolled()
    expect(record).toMatchObject({
      device: 'pump-1',
      site: 'general',
      firmware: '1.2',
      status: 'enrolled',
      enrolledAt: now,
      passwordHash: null,
    })
    expect(new X509Certificate(certificatePem!).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(record.fingerprints[0])
    expect(privateKeyPem).toContain('BEGIN PRIVATE KEY')
    expect(caPem).toBe(authority.certificatePem)
    expect(registry.directory.byFingerprint(record.fingerprints[0]!)).toEqual(record)
  })

  it('with a password yields no certificate, and the password is kept as argon2id only', async () => {
    const { record, certificatePem, privateKeyPem } = await enrolled({ password: 'correct horse battery' })
    expect([certificatePem, privateKeyPem, record.fingerprints, registry.directory.passwordDevices]).toEqual([null, null, [], 1])
    expect(record.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await verifyPassword(record.passwordHash, 'correct horse battery')).toBe(true)
    expect(await verifyPassword(record.passwordHash, 'correct horse batterz')).toBe(false)
  })

  it.each<[string, Partial<EnrolRequest>]>([
    ['bad-identifier', { device: '../etc' }],
    ['bad-identifier', { site: '' }],
    ['bad-request', { ward: 'x'.repeat(65) }],
    ['bad-request', { model: 'a\u0000b' }],
    ['bad-request', { password: 'short' }],
    ['bad-request', { password: 'x'.repeat(129) }],
    ['bad-request', { password: 'correct horse battery', csrPem: 'x' }],
    ['bad-request', { csrPem: 'x' }],
    ['bad-request', { days: 0 }],
    ['bad-request', { days: Number.NaN }],
  ])('%s: %j', async (reason, over) => {
    expect(reasonOf(await enrol(over))).toBe(reason)
    expect(registry.directory.size).toBe(0)
  })

  it('of a device that is enrolled needs to say so: renewed, only the new certificate counts; added, the old ones too', async () => {
    const first = await enrolled()
    expect(await enrol()).toMatchObject({
      reason: 'already-enrolled',
      detail: expect.stringContaining('wardwatch device enrol pump-1 --site '),
    })
    expect(await enrol()).toMatchObject({ detail: expect.stringMatching(/ --renew /) })
    const second = await enrolled({ again: 'renew' })
    expect(registry.directory.byFingerprint(first.record.fingerprints[0]!)).toBeUndefined()
    const third = await enrolled({ again: 'add' })
    expect(third.record.fingerprints).toEqual([second.record.fingerprints[0], third.record.fingerprints[1]])
    for (let i = 0; i < 5; i++) await enrolled({ again: 'add' })
    expect(registry.directory.device('pump-1')!.fingerprints).toHaveLength(4)
  })

  it('asked for twice at once happens once', async () => {
    const results = await Promise.all([enrol(), enrol(), enrol({ device: 'pump-2' })])
    expect(results.map(reasonOf)).toEqual(['ok', 'already-enrolled', 'ok'])
  })

  it('counts only once it is durable', async () => {
    const log = { ...registry.log, append: () => Promise.reject(new LogUnavailable('disk-full', 'the disk is full')) }
    expect(await enrolDevice({ ...registry, log }, pump)).toEqual({ ok: false, reason: 'log-unavailable', detail: 'the disk is full' })
    expect(await enrol()).toMatchObject({ ok: true })
  })
})

describe('revocation', () => {
  it('stands until the device is reinstated, and its old certificate never comes back', async () => {
    const { record } = await enrolled()
    // Even with a clock that was set back.
    now -= 60_000
    expect(await revokeDevice(registry, { device: 'pump-1', reason: 'lost in transport' })).toMatchObject({
      ok: true,
      record: { status: 'revoked', revokedReason: 'lost in transport' },
    })
    expect([await enrol(), await enrol({ again: 'renew' })].map(reasonOf)).toEqual(['revoked', 'revoked'])
    expect(await enrolled({ reinstate: true, again: 'add' })).toMatchObject({ record: { status: 'enrolled', revokedAt: null } })
    expect(registry.directory.byFingerprint(record.fingerprints[0]!)).toBeUndefined()
    now += 60_000
  })

  it.each<[string, string, string]>([
    ['unknown-device', 'ghost', 'lost'],
    ['bad-request', 'pump-1', 'x'.repeat(257)],
  ])('%s: %s', async (reason, device, why) => {
    await enrolled()
    expect(reasonOf(await revokeDevice(registry, { device, reason: why }))).toBe(reason)
  })

  it('happens once', async () => {
    await enrolled()
    const once = () => revokeDevice(registry, { device: 'pump-1', reason: 'lost' })
    expect((await Promise.all([once(), once()])).map(reasonOf)).toEqual(['ok', 'already-revoked'])
  })
})

describe('the registry after a reopen', () => {
  it('is what it was, and follows what is enrolled and revoked elsewhere', async () => {
    await enrolled()
    await enrolled({ device: 'pump-2', site: 'annex' })
    await enrolled({ device: 'pump-3', password: 'correct horse battery' })
    await revokeDevice(registry, { device: 'pump-2', reason: 'stolen' })
    await registry.log.close()

    const log = openMemoryLog(memory)
    const directory = createDirectory()
    const follower = await followRegistry({ log, directory, group: 'registry-test', logger: silentLogger })
    await follower.caughtUp
    expect(listDevices(directory)).toEqual(listDevices(registry.directory))
    expect(listDevices(directory, { status: 'revoked' }).map(({ device }) => device)).toEqual(['pump-2'])
    expect(listDevices(directory, { site: 'general', status: 'enrolled' }).map(({ device }) => device)).toEqual(['pump-1', 'pump-3'])

    const changed = new Promise((resolve) => directory.onChange(resolve))
    const elsewhere: Registry = { ...registry, log }
    await revokeDevice(elsewhere, { device: 'pump-1', reason: 'broken' })
    expect(await changed).toEqual(elsewhere.directory.device('pump-1'))
    await follower.close()
    await log.close()
  })

  it('passes over an event that cannot be read, tells it, and folds the later ones', async () => {
    const { log } = registry
    await log.append('registry.v1', [
      { key: 'x', value: Buffer.from('{"type":"enrolled","at":1,"record":{}}') },
      { key: 'x', value: Buffer.from([0xff]) },
    ])
    await enrolled()
    const told: string[] = []
    const directory = createDirectory()
    const logger = { ...silentLogger, error: (_: object, message: string) => told.push(message) }
    const follower = await followRegistry({ log, directory, group: 'registry-test', logger })
    await follower.caughtUp
    expect([told.length, directory.size]).toEqual([2, 1])
    await follower.close()
  })

  it('an empty log is caught up at once', async () => {
    const follower = await followRegistry({
      log: registry.log,
      directory: registry.directory,
      group: 'registry-test',
      logger: silentLogger,
    })
    await follower.caughtUp
    await follower.close()
  })
})

it('a user who does not exist takes a hash too, and is never let in', async () => {
  expect(await verifyPassword(null, 'nobody has this password')).toBe(false)
  expect(await verifyPassword('not a hash', 'x'.repeat(12))).toBe(false)
  expect(await verifyPassword(null, 'x'.repeat(1_000_000))).toBe(false)
})
