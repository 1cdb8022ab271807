import { expect, it } from 'vitest'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import type { AnyDetector, DetectorContext } from '../../contracts/detector.ts'
import { encodeObservation } from '../../contracts/envelope.ts'
import type { Observation } from '../../contracts/observation.ts'
import { type StageFault, createPartitionProcessor } from './partition-processor.ts'
import { countsForTests } from './stages-for-tests.ts'

const json: EnvelopeDecoder = {
  version: 1,
  decode: (value) => ({ outcome: 'ok', observation: JSON.parse(Buffer.from(value.subarray(8)).toString()) as Observation }),
}
const reading = (n: number) => ({
  offset: n,
  key: 'd',
  value: encodeObservation({ kind: 'reading', device: 'd', site: 'north', receivedAt: 1_000 + n, bytes: n } as unknown as Observation),
})
const processorOf = (changes: object, decoder = json) => {
  const faults: StageFault[] = []
  const said: string[] = []
  const processor = createPartitionProcessor({
    topic: 'observations.by-device.v1',
    partition: 0,
    stages: {
      detectors: [{ ...countsForTests, ...changes } as AnyDetector, { ...countsForTests, id: 'other' } as AnyDetector],
      derivations: [],
    },
    decoder,
    onFinding: ({ detector, why }) => said.push(`${detector}: ${why}`),
    onFault: (fault) => faults.push(fault),
  })
  return { processor, faults, said }
}
const misdeeds: Record<string, { changes: object; tells: RegExp }> = {
  'emits without end': {
    changes: {
      observe(_: unknown, __: unknown, ___: unknown, { emit }: DetectorContext) {
        for (;;) emit({ score: 1, why: '', evidence: [] })
      },
    },
    tells: /more than 64 times/,
  },
  'sets a timer that it cannot hear': {
    changes: { observe: (_: unknown, __: unknown, ___: unknown, { wakeAt }: DetectorContext) => wakeAt(1) },
    tells: /no onTimer/,
  },
  'asks to be woken at no time': {
    changes: { onTimer() {}, observe: (_: unknown, __: unknown, ___: unknown, { wakeAt }: DetectorContext) => wakeAt(Number.NaN) },
    tells: /NaN/,
  },
  'says what is no finding': {
    changes: { observe: (_: unknown, __: unknown, ___: unknown, { emit }: DetectorContext) => emit({} as never) },
    tells: /undefined/,
  },
}
for (const [name, { changes, tells }] of Object.entries(misdeeds)) {
  it(`a detector that ${name} is told of, each time, and the other goes on`, () => {
    const { processor, faults, said } = processorOf(changes)
    processor.process([reading(1), reading(2), reading(3)])
    expect(faults.map(({ stage, key, reason, position }) => [stage, key, reason, position.offset])).toEqual([
      ['counts', 'd', 'threw', 1],
      ['counts', 'd', 'threw', 2],
      ['counts', 'd', 'threw', 3],
    ])
    expect(String(faults[0]?.error)).toMatch(tells)
    expect(said.filter((line) => line.startsWith('other'))).toHaveLength(1)
    expect(processor.counts().faults).toEqual({ counts: 3, other: 0 })
  })
}

it('a detector that keeps its context cannot speak after its turn', () => {
  const kept: DetectorContext[] = []
  const { processor, said } = processorOf({
    observe: (_: unknown, __: unknown, ___: unknown, context: DetectorContext) => void kept.push(context),
  })
  processor.process([reading(1)])
  expect(() => kept[0]!.emit({ score: 1, why: 'late', evidence: [] })).toThrow(/after it had returned/)
  expect(said).toEqual([])
})

it('what is no envelope, and a decoder that throws, are counted and passed over', () => {
  const { processor } = processorOf({}, { version: 1, decode: () => { throw new Error('bug') } }) // prettier-ignore
  processor.process([
    { offset: 0, key: 'd', value: new Uint8Array() },
    { offset: 1, key: 'd', value: Buffer.from('nonsense that is long') },
    { offset: 2, key: 'd', value: Buffer.from([1, 0]) },
    reading(3),
  ])
  expect(processor.counts()).toMatchObject({ records: 4, deadLetters: { 'bad-envelope': 3, 'decoder-failed': 1 } })
})

it('a state over its bound is reset at its step, told, and the other detector keeps its own', () => {
  const { processor, faults, said } = processorOf({
    initial: () => ({ n: 0, bytes: 0, all: [] as number[] }),
    observe: (state: { all: number[] }, { receivedAt }: { receivedAt: number }) => void state.all.push(receivedAt),
  })
  processor.process(Array.from({ length: 2_048 }, (_, n) => reading(n)))
  expect(faults.map(({ stage, reason, position }) => [stage, reason, position.offset])).toEqual([
    ['counts', 'state-bytes', 1_023],
    ['counts', 'state-bytes', 2_047],
  ])
  expect(said.at(-1)).toMatch(/^other: d: 2046 records|again/)
})
