import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import detector from './rogue-device.ts'
import { guess, second, session, times } from './stories/observations.ts'

const rogue = (at: number, given: Parameters<typeof session>[2] = {}) =>
  session('refused', second(at), { device: 'pump-9', address: '10.9.9.9', reason: 'revoked', fingerprint: 'f'.repeat(64), ...given })

describeDetector(
  detector,
  {
    'one attempt of a revoked device is worth a finding about it': {
      given: [rogue(0)],
      finds: 1,
      why: /^A client that claims to be pump-9 was refused once at 10\.9\.9\.9: its identity is revoked/,
      check: ([finding]) => expect(finding).toMatchObject({ device: 'pump-9', severity: 'high' }),
    },
    'a revoked device that retries each five seconds is told once a minute': {
      given: times(36, (i) => rogue(i * 5)),
      finds: 3,
      check: (findings) => expect(findings[1]!.why).toMatch(/12 times since it was last told/),
    },
    'a certificate of an unknown authority is found': { given: [rogue(0, { reason: 'untrusted-certificate' })], finds: 1 },
    'an unknown identity with a certificate is found': { given: [rogue(0, { reason: 'unknown-identity' })], finds: 1 },
    'unknown names without a certificate are guesses, not devices': {
      given: times(30, (i) => guess(second(i), `user${i}`, { reason: 'unknown-identity' })),
      finds: 0,
    },
    'wrong passwords are not rogue devices': { given: times(30, (i) => guess(second(i), `pump-${i}`)), finds: 0 },
    'a bare scan without certificates is none': {
      given: times(20, (i) => rogue(i, { device: null, fingerprint: null, reason: i % 2 === 0 ? 'no-certificate' : 'tls-handshake' })),
      finds: 0,
    },
    'an expired certificate is an omission': { given: [rogue(0, { reason: 'expired-certificate' })], finds: 0 },
    'a hundred forged names from one address do not make a hundred findings': {
      given: times(100, (i) => rogue(i * 0.1, { device: `forged-${i}`, reason: 'untrusted-certificate' })),
      finds: 5,
    },
    'a name that is no identifier is not taken for a device': {
      given: [rogue(0, { device: '../etc/passwd', reason: 'untrusted-certificate' })],
      finds: 1,
      check: ([finding]) => expect(finding!.device).toBe('address:10.9.9.9'),
    },
  },
  { key: (observation) => (observation.kind === 'session' ? observation.address : '') },
)
