import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import detector from './credential-brute-force.ts'
import { guess, second, session, times } from './stories/observations.ts'

describeDetector(
  detector,
  {
    'twelve tries at one identity within a minute are found once': {
      given: times(12, (i) => guess(second(i * 4), 'pump-1')),
      finds: 1,
      why: /^10 sign-ins from 10\.9\.9\.9 at one identity were refused within 36 s/,
      check: ([finding]) => expect(finding).toMatchObject({ device: 'address:10.9.9.9', severity: 'high' }),
    },
    'nine tries are a nurse with the wrong badge': { given: times(9, (i) => guess(second(i), 'pump-1')), finds: 0 },
    'ten tries over ten minutes are a device with an old password': { given: times(10, (i) => guess(second(i * 60), 'pump-1')), finds: 0 },
    'an attack that goes on is told once a minute': { given: times(300, (i) => guess(second(i), 'pump-1')), finds: 5 },
    'five tries at each of three identities are still guessing at few': {
      given: times(15, (i) => guess(second(i), `pump-${i % 3}`)),
      finds: 1,
      why: /at 3 identities/,
    },
    'one try at each of thirty identities is spraying, not this': { given: times(30, (i) => guess(second(i), `pump-${i}`)), finds: 0 },
    'two tries at each of thirty identities are spraying too': { given: times(60, (i) => guess(second(i), `pump-${i >> 1}`)), finds: 0 },
    'refusals of a certificate are not guesses': {
      given: times(40, (i) => session('refused', second(i), { reason: 'revoked', address: '10.9.9.9' })),
      finds: 0,
    },
    'many refusals told as one count as many': {
      given: [guess(second(0), 'pump-1', { amount: 1 }), guess(second(1), 'pump-1', { amount: 25 })],
      finds: 1,
      why: /^26 sign-ins/,
    },
    'tries from three addresses are not added up': {
      given: times(18, (i) => guess(second(i), 'pump-1', { address: `10.9.9.${i % 3}` })),
      finds: 0,
    },
  },
  { key: (observation) => (observation.kind === 'session' ? observation.address : '') },
)
