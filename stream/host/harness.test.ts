import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineDetector } from '../../contracts/detector.ts'
import type { Finding } from '../../contracts/finding.ts'
import type { Session } from '../../contracts/observation.ts'
import { arbitraryObservations, describeDetector, describeLaws, runStages } from './harness.ts'

const bruteForce = defineDetector({
  id: 'brute-force',
  version: 1,
  title: 'Credential brute force',
  keyedBy: 'source',
  severity: 'high',
  attack: ['T1110'],
  controls: ['A.8.5'],
  accepts: ['session'],
  parameters: z.object({ refusalsMin: z.int().min(2).default(10), windowMs: z.int().default(60_000) }),
  state: z.object({ refusals: z.array(z.number()), firedAt: z.number().nullable() }),
  stateBytesMax: 1_024,
  initial: () => ({ refusals: [] as number[], firedAt: null as number | null }),
  observe(state, session, { refusalsMin, windowMs }, { emit }) {
    if (session.event !== 'refused') return
    state.refusals = [...state.refusals.filter((at) => at > session.receivedAt - windowMs), session.receivedAt].slice(-refusalsMin)
    if (state.refusals.length < refusalsMin || (state.firedAt !== null && session.receivedAt - state.firedAt < windowMs)) return
    state.firedAt = session.receivedAt
    emit({ score: 1, why: `${refusalsMin} sign-ins from ${session.address} were refused`, evidence: [] })
  },
})

const silence = defineDetector({
  id: 'silence',
  version: 1,
  title: 'Silence',
  keyedBy: 'device',
  severity: 'medium',
  attack: [],
  controls: [],
  accepts: ['reading', 'session'],
  parameters: z.object({ silentMs: z.int().default(30_000) }),
  state: z.object({ lastHeard: z.number() }),
  stateBytesMax: 64,
  initial: () => ({ lastHeard: 0 }),
  observe(state, { receivedAt }, { silentMs }, { wakeAt }) {
    state.lastHeard = receivedAt
    wakeAt(receivedAt + silentMs)
  },
  onTimer(state, { silentMs }, { nowMs, outageEndedAtMs, emit, wakeAt }) {
    if (outageEndedAtMs > state.lastHeard && nowMs < outageEndedAtMs + silentMs) return wakeAt(outageEndedAtMs + silentMs)
    emit({ score: 1, why: `not heard for ${(nowMs - state.lastHeard) / 1_000} s`, evidence: [] })
  },
})

const at = 1_795_000_000_000
const refusals = ({ count, everyMs, address = '10.0.0.9' }: { count: number; everyMs: number; address?: string }): Session[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'session',
    receivedAt: at + i * everyMs,
    event: 'refused',
    device: 'pump-1',
    site: 'north',
    model: null,
    session: `s${i}`,
    address,
    clientId: null,
    userName: null,
    fingerprint: null,
    tlsVersion: null,
    cipher: null,
    reason: 'bad-credentials',
    topic: null,
    amount: null,
  }))

const isComplete = ([finding]: readonly Finding[]) => {
  expect(finding).toMatchObject({ device: 'address:10.0.0.9', key: '10.0.0.9', site: 'north', severity: 'high', at: at + 45_000, index: 0 })
}

describeDetector(
  bruteForce,
  {
    'ten refusals in fifty seconds are found once': {
      given: refusals({ count: 10, everyMs: 5_000 }),
      finds: 1,
      why: /^10 sign-ins from 10\.0\.0\.9/,
    },
    'nine are not': { given: refusals({ count: 9, everyMs: 5_000 }), finds: 0 },
    'nine are, when three are enough': { given: refusals({ count: 9, everyMs: 5_000 }), parameters: { refusalsMin: 3 }, finds: 1 },
    'a finding is complete': {
      given: refusals({ count: 10, everyMs: 5_000 }),
      finds: 1,
      check: isComplete,
    },
  },
  { key: (o) => (o.kind === 'session' ? o.address : '') },
)

describeDetector(silence, {
  'a device that stops is found by the clock': {
    given: refusals({ count: 3, everyMs: 1_000 }),
    until: at + 120_000,
    finds: 1,
    why: /^not heard for 30 s$/,
  },
  'a device is not silent before its time': { given: refusals({ count: 3, everyMs: 1_000 }), until: at + 31_000, finds: 0 },
  'the outage of the edge is not the silence of a device': {
    given: refusals({ count: 2, everyMs: 200_500 }),
    edgeAway: [{ fromMs: at + 10_000, untilMs: at + 200_000 }],
    until: at + 210_000,
    finds: 0,
  },
  'a device that stays silent after the outage is found': {
    given: refusals({ count: 1, everyMs: 1 }),
    edgeAway: [{ fromMs: at + 10_000, untilMs: at + 200_000 }],
    until: at + 300_000,
    finds: 1,
    why: /^not heard for 230 s$/,
  },
})

describeLaws([bruteForce, silence], arbitraryObservations())

it('a stage that throws fails the story, unless the story is about that', () => {
  const broken = { ...silence, observe: () => { throw new Error('broken') } } // prettier-ignore
  const observations = refusals({ count: 1, everyMs: 1 })
  expect(() => runStages({ detectors: [broken], derivations: [], observations })).toThrow(/silence on pump-1: threw/)
  const reasons: string[] = []
  runStages({ detectors: [broken], derivations: [], observations, onFault: ({ reason }) => reasons.push(reason) })
  expect(reasons).toEqual(['threw'])
})

it('parameters that belong to no detector, or do not fit, are refused by name', () => {
  const run = (parameters: Record<string, unknown>) => () =>
    runStages({ detectors: [silence], derivations: [], observations: [], parameters })
  expect(run({ silense: {} })).toThrow(/silense.*there are silence/)
  expect(run({ silence: { silentMs: 'long' } })).toThrow(/silence\.silentMs/)
})

it('the generator makes every kind of observation', () => {
  const kinds = new Set(fc.sample(arbitraryObservations(), { numRuns: 50, seed: 1 }).flatMap((list) => list.map(({ kind }) => kind)))
  expect([...kinds].sort()).toEqual(['posture', 'presence', 'reading', 'session'])
})
