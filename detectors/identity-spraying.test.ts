import { describeDetector } from '../stream/host/harness.ts'
import detector from './identity-spraying.ts'
import { guess, second, session, times } from './stories/observations.ts'

describeDetector(
  detector,
  {
    'thirty identities with one try each are found': {
      given: times(30, (i) => guess(second(i), `pump-${i}`)),
      finds: 1,
      why: /^10\.9\.9\.9 was refused as 8 different identities within 7 s, 1 tries each/,
    },
    'a slow spray, one identity each half minute, is found': { given: times(9, (i) => guess(second(i * 30), `pump-${i}`)), finds: 1 },
    'three tries at each of twenty identities are found': { given: times(60, (i) => guess(second(i), `pump-${i % 20}`)), finds: 1 },
    'seven identities are a ward after a password change': { given: times(7, (i) => guess(second(i), `pump-${i}`)), finds: 0 },
    'two hundred tries at one identity are brute force, not this': { given: times(200, (i) => guess(second(i), 'pump-1')), finds: 0 },
    'brute force among a few who mistype is not spraying': {
      given: [...times(56, (i) => guess(second(i), 'pump-1')), ...times(7, (i) => guess(second(i * 8), `nurse-${i}`))],
      finds: 0,
    },
    'unknown names without a certificate are a spray': {
      given: times(8, (i) => guess(second(i), `user${i}`, { reason: 'unknown-identity' })),
      finds: 1,
    },
    'a scan that never signs in is none': {
      given: times(50, (i) => session('refused', second(i), { reason: 'no-certificate', device: null, clientId: null, fingerprint: null })),
      finds: 0,
    },
  },
  { key: (observation) => (observation.kind === 'session' ? observation.address : '') },
)
