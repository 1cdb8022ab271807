import * as fc from 'fast-check'
import { type Observation, refusalReasons, sessionEvents } from '../../contracts/observation.ts'
import { vitals } from '../../contracts/vitals.ts'

export interface ArbitraryObservationsOptions {
  readonly devicesMax?: number
  readonly lengthMax?: number
  /** Largest step between two observations, ms. */
  readonly stepMsMax?: number
}

const startMs = 1_795_000_000_000

/** Anything that a fleet and its attackers could send: all kinds, few devices, times ascending. For the laws, not for realism. */
export const arbitraryObservations = (options: ArbitraryObservationsOptions = {}): fc.Arbitrary<readonly Observation[]> => {
  const { devicesMax = 3, lengthMax = 120, stepMsMax = 20_000 } = options
  const who = fc.nat({ max: devicesMax - 1 }).map((n) => ({ device: `device-${n}`, site: `site-${n % 2}`, model: `model-${n % 2}` }))
  const session = fc.nat({ max: 3 }).map((n) => `session-${n}`)
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
  const reading = fc.record({
    kind: fc.constant('reading' as const),
    session,
    deviceTime: maybe(fc.integer({ min: -100_000, max: 100_000 })),
    seq: maybe(fc.nat({ max: 50 })),
    firmware: maybe(fc.constantFrom('1.0.0', '1.0.1')),
    vitals: fc.dictionary(fc.constantFrom(...Object.keys(vitals), 'other'), fc.double({ min: -10, max: 400, noNaN: true }), { maxKeys: 6 }),
    bytes: fc.nat({ max: 2_000 }),
    payloadHash: fc.nat({ max: 20 }),
    redelivered: fc.boolean(),
  })
  const event = fc.record({
    kind: fc.constant('session' as const),
    event: fc.constantFrom(...sessionEvents),
    session,
    address: fc.nat({ max: 2 }).map((n) => `10.0.0.${n}`),
    clientId: maybe(fc.nat({ max: 4 }).map((n) => `device-${n}`)),
    userName: fc.constant(null),
    fingerprint: maybe(fc.constantFrom('aa', 'bb')),
    tlsVersion: maybe(fc.constant('TLSv1.3')),
    cipher: fc.constant(null),
    reason: maybe(fc.constantFrom(...refusalReasons, 'publish-denied', 'wildcard')),
    topic: maybe(fc.constantFrom('v1/#', 'v1/site-0/device-1/telemetry')),
    amount: maybe(fc.nat({ max: 1_000_000 })),
    anonymous: fc.boolean(),
  })
  const posture = fc.record({
    kind: fc.constant('posture' as const),
    session,
    deviceTime: maybe(fc.integer({ min: -100_000, max: 100_000 })),
    change: fc.constantFrom('firmware' as const, 'ota' as const, 'configuration' as const, 'therapy' as const, 'login' as const),
    subject: fc.constantFrom('rate', 'limit'),
    from: maybe(fc.constant('1')),
    to: maybe(fc.constant('2')),
    actor: maybe(fc.constant('nurse')),
  })
  const presence = fc.record({
    kind: fc.constant('presence' as const),
    state: fc.constantFrom('present' as const, 'absent' as const),
    since: fc.integer({ min: -60_000, max: 0 }),
    expectedIntervalMs: fc.constantFrom(1_000, 60_000),
  })
  // Short steps are likelier: bursts are what detectors are about.
  const stepMs = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 1_000 }) }, fc.nat({ max: stepMsMax }))
  const what = fc.oneof({ weight: 4, arbitrary: reading }, { weight: 3, arbitrary: event }, posture, presence)
  return fc.array(fc.tuple(stepMs, who, what), { maxLength: lengthMax, size: 'max' }).map((steps) => {
    let receivedAt = startMs
    return steps.map(([ms, { device, site, model }, about]): Observation => {
      receivedAt += ms
      switch (about.kind) {
        case 'session': {
          const { anonymous, ...rest } = about
          return { ...rest, receivedAt, device: anonymous ? null : device, site: anonymous ? null : site, model: anonymous ? null : model }
        }
        case 'presence':
          return { ...about, receivedAt, device, site, since: receivedAt + about.since }
        default:
          return { ...about, receivedAt, device, site, model, deviceTime: about.deviceTime === null ? null : receivedAt + about.deviceTime }
      }
    })
  })
}
