import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeviceRecord, RegistryEvent } from '../contracts/registry.ts'
import { createDirectory } from './fold.ts'

const deviceRecord = (over: Partial<DeviceRecord> = {}): DeviceRecord => ({
  device: 'd1',
  site: 's',
  ward: 'w',
  model: 'm',
  firmware: null,
  status: 'enrolled',
  fingerprints: ['aa'.repeat(32)],
  passwordHash: null,
  enrolledAt: 1,
  revokedAt: null,
  revokedReason: null,
  ...over,
})
const enrolled = (at: number, over: Partial<DeviceRecord> = {}): RegistryEvent => ({
  type: 'enrolled',
  at,
  record: deviceRecord({ enrolledAt: at, ...over }),
})
const revoked = (at: number, device = 'd1'): RegistryEvent => ({ type: 'revoked', at, device, reason: 'lost' })

describe('the directory', () => {
  it('finds a device by its id and by each certificate that may be used now', () => {
    const directory = createDirectory()
    directory.apply(enrolled(1))
    directory.apply(enrolled(2, { fingerprints: ['bb'.repeat(32)] }))
    expect(directory.byFingerprint('bb'.repeat(32))).toBe(directory.device('d1'))
    expect([directory.byFingerprint('aa'.repeat(32)), directory.device('d2'), directory.size]).toEqual([undefined, undefined, 1])
  })

  it('knows a revoked device and its certificate as revoked, not as unknown', () => {
    const directory = createDirectory()
    directory.apply(enrolled(1))
    directory.apply(revoked(2))
    expect(directory.byFingerprint('aa'.repeat(32))).toMatchObject({ status: 'revoked', revokedAt: 2, revokedReason: 'lost' })
  })

  it('counts who may sign in by password', () => {
    const directory = createDirectory()
    const counts = [
      enrolled(1, { passwordHash: 'x' }),
      enrolled(1, { device: 'd2', passwordHash: 'x' }),
      revoked(2),
      enrolled(3, { device: 'd2' }),
    ].map((event) => {
      directory.apply(event)
      return directory.passwordDevices
    })
    expect(counts).toEqual([1, 2, 1, 0])
  })

  it('tells each change once, after it was applied, until told to stop', () => {
    const directory = createDirectory()
    const told: string[] = []
    const stop = directory.onChange((record) => told.push(`${record.status} ${directory.device(record.device) === record}`))
    for (const event of [enrolled(1), enrolled(1), revoked(2), enrolled(1)]) directory.apply(event)
    stop()
    directory.apply(enrolled(3))
    expect(told).toEqual(['enrolled true', 'revoked true'])
  })

  it('passes over the revocation of a device that was never enrolled', () => {
    const directory = createDirectory()
    directory.apply(revoked(1, 'ghost'))
    expect(directory.size).toBe(0)
  })
})

it('a log whose events come again, in any place after their first, folds to the same', () => {
  const fingerprint = fc.integer({ min: 0, max: 5 }).map((i) => String(i).repeat(64))
  const change = fc.oneof(
    fc.record({
      device: fc.constantFrom('d1', 'd2'),
      fingerprints: fc.uniqueArray(fingerprint, { maxLength: 3 }),
      passwordHash: fc.constantFrom(null, 'x'),
    }),
    fc.constantFrom('d1', 'd2'),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }), (changes, again) => {
      // Each device has certificates of its own: random serial numbers see to that.
      const events = changes.map((one, i) =>
        typeof one === 'string'
          ? revoked(i + 1, one)
          : enrolled(i + 1, { ...one, fingerprints: one.fingerprints.map((text) => (one.device === 'd1' ? 'a' : 'b') + text.slice(1)) }),
      )
      const repeated = events.map((event) => [event])
      for (const [from, to] of again) {
        if (events.length > 0) repeated[Math.max(from % events.length, to % events.length)]!.push(events[from % events.length]!)
      }
      const seen = (given: readonly RegistryEvent[]) => {
        const directory = createDirectory()
        for (const event of given) directory.apply(event)
        const fingerprints = ['0', '1', '2', '3', '4', '5'].flatMap((i) =>
          ['a', 'b'].map((d) => directory.byFingerprint(d + i.repeat(63))?.device),
        )
        return [[...directory.devices()].sort((a, b) => (a.device < b.device ? -1 : 1)), directory.passwordDevices, fingerprints]
      }
      expect(seen(repeated.flat())).toEqual(seen(events))
      expect(seen([...events, ...events])).toEqual(seen(events))
    }),
  )
})
