import { expect, it } from 'vitest'
import { z } from 'zod'
import { type AnyDetector, type DetectorContext, defineDetector } from '../../contracts/detector.ts'
import type { Reading } from '../../contracts/observation.ts'
import { arbitraryObservations } from './arbitrary-observations.ts'
import { laws } from './laws.ts'

const [initialLaw, conductLaw, restartLaw, neighbourLaw] = Object.values(laws) as [Law, Law, Law, Law]
type Law = (typeof laws)[string]

const counting = (changes: object): AnyDetector =>
  ({
    ...defineDetector({
      id: 'counting',
      version: 1,
      title: 'Counts',
      keyedBy: 'device',
      severity: 'low',
      attack: [],
      controls: [],
      accepts: ['reading'],
      parameters: z.object({}),
      state: z.object({ n: z.number() }),
      stateBytesMax: 100,
      initial: () => ({ n: 0 }),
      observe(state, _, __, { emit }) {
        state.n++
        if (state.n % 3 === 0) emit({ score: 1, why: `${state.n}`, evidence: [] })
      },
    }),
    ...changes,
  }) as AnyDetector

it('a stage that keeps the laws passes them', async () => {
  for (const law of [initialLaw, conductLaw, restartLaw, neighbourLaw]) await law(counting({}), arbitraryObservations(), 20)
})

// Each breaks one law, and the law must say so: a suite that lets these pass guards nothing.
const breaches: Record<string, { law: Law; stage: AnyDetector; tells: RegExp }> = {
  'an initial state that its schema refuses': {
    tells: /does not fit its own schema/,
    law: initialLaw,
    stage: counting({ initial: () => ({ n: 'none' }) }),
  },
  'a parameter without a default': {
    tells: /parameter counting.windowMs/,
    law: initialLaw,
    stage: counting({ parameters: z.object({ windowMs: z.number() }) }),
  },
  'a stage that writes on what it sees': {
    tells: /counting on device-\d: threw/,
    law: conductLaw,
    stage: counting({ observe: (_: unknown, reading: Reading) => void (reading.seq = 1) }),
  },
  'a stage that throws': {
    tells: /counting on device-\d: threw/,
    law: conductLaw,
    stage: counting({
      observe(state: { n: number }) {
        if (++state.n > 5) throw new Error('five is all I can count')
      },
    }),
  },
  'a state that grows without bound': {
    tells: /state-bytes/,
    law: conductLaw,
    stage: counting({
      initial: () => ({ n: 0, seen: [] as number[] }),
      observe: (state: { seen: number[] }, { receivedAt }: Reading) => void state.seen.push(receivedAt),
    }),
  },
  'a state that JSON does not keep': {
    tells: /instead of/,
    law: restartLaw,
    stage: counting({
      initial: () => ({ n: 0, seen: new Set() }),
      observe(state: { seen: Set<unknown> }, { seq }: Reading, _: unknown, { emit }: DetectorContext) {
        if (state.seen instanceof Set && state.seen.has(seq)) emit({ score: 1, why: 'again', evidence: [] })
        if (state.seen instanceof Set) state.seen.add(seq)
      },
    }),
  },
  'a state outside the state': {
    tells: /instead of/,
    law: neighbourLaw,
    stage: counting({
      observe: (
        (n: number) =>
        (_: unknown, __: unknown, ___: unknown, { emit }: DetectorContext) => {
          if (++n % 3 === 0) emit({ score: 1, why: `${n}`, evidence: [] })
        }
      )(0),
    }),
  },
}
for (const [name, { law, stage, tells }] of Object.entries(breaches)) {
  it(`is told: ${name}`, () => expect(law(stage, arbitraryObservations(), 60)).rejects.toThrow(tells))
}
