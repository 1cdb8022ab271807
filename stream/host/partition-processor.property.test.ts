import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeClock, encodeMessage, encodeMessageHeader, encodeObservation } from '../../contracts/envelope.ts'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { Observation } from '../../contracts/observation.ts'
import { findingLine } from './finding-line.ts'
import { type PartitionProcessor, createPartitionProcessor } from './partition-processor.ts'
import { detectorsForTests, presenceForTests, throwsForTests } from './stages-for-tests.ts'

const topic = 'observations.by-device.v1'
const startMs = 1_795_000_000_000
const header = encodeMessageHeader({ leaf: 'telemetry', site: 'north', device: 'd', model: 'm', session: 's' })

const decoder: EnvelopeDecoder = {
  version: 3,
  decode(value) {
    if (value[0] === 1) return { outcome: 'deadLetter', reason: 'not-json', detail: '' }
    return { outcome: 'ok', observation: JSON.parse(Buffer.from(value.subarray(8)).toString()) as Observation }
  },
}

const toValue = (what: number, device: string, receivedAt: number): Uint8Array => {
  if (what < 3) return encodeClock('edge', receivedAt)
  if (what === 3) return encodeMessage(header, Buffer.from('?'), receivedAt, false)
  const refused = { kind: 'session', receivedAt, event: 'refused', device, site: null } as unknown as Observation
  if (what === 4) return encodeObservation(refused)
  return encodeObservation({
    kind: 'reading',
    receivedAt,
    device,
    site: what % 2 === 0 ? 'north' : 'south',
    bytes: what,
    seq: what % 7 === 0 ? 13 : what,
  } as unknown as Observation)
}

/** One partition's records: clocks, readings, refused sign-ins and dead letters of a few devices; offsets with gaps, some late, an outage now and then. */
const arbitraryRecords: fc.Arbitrary<readonly LogRecord[]> = fc
  .array(
    fc.record({
      gap: fc.nat({ max: 2 }),
      stepMs: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -50, max: 1_500 }) }, fc.integer({ min: 4_000, max: 30_000 })),
      key: fc.nat({ max: 5 }),
      what: fc.nat({ max: 40 }),
    }),
    { minLength: 1, maxLength: 150, size: 'max' },
  )
  .map((steps) => {
    let offset = 0
    let atMs = startMs
    return steps.map(({ gap, stepMs, key, what }) => {
      offset += 1 + gap
      atMs += stepMs
      return { offset, key: `device-${key}`, value: toValue(what, `device-${key}`, atMs) }
    })
  })

interface Made {
  readonly processor: PartitionProcessor
  readonly said: string[]
}

const make = ({ keysMax = 1_000, detectors = detectorsForTests, faults = false } = {}): Made => {
  const said: string[] = []
  const processor = createPartitionProcessor({
    topic,
    partition: 2,
    stages: { detectors, derivations: [presenceForTests] },
    decoder,
    keysMax,
    sizeCheckSteps: 8,
    onFinding: (finding) => said.push(findingLine(finding)),
    onDerived: (cohort, observation) => said.push(JSON.stringify([cohort, observation])),
    ...(faults && { onFault: ({ error, ...fault }) => said.push(JSON.stringify([fault, String(error)])) }),
  })
  return { processor, said }
}

const straight = (records: readonly LogRecord[], settings: Parameters<typeof make>[0] = {}): string[] => {
  const { processor, said } = make(settings)
  processor.process(records)
  return said
}

const restored = async (stored: ReadonlyMap<string, Uint8Array>, settings: Parameters<typeof make>[0]) => {
  const made = make(settings)
  const next = await made.processor.restore(
    (async function* () {
      for (const [key, value] of stored) yield { key, value }
    })(),
  )
  return { ...made, next }
}

/** After so many records: begin a checkpoint, draw so many keys of it, finish it, or die. */
const arbitraryPlan = fc.array(
  fc.record({
    records: fc.integer({ min: 1, max: 20 }),
    next: fc.constantFrom('begin', 'slice', 'finish', 'die'),
    keys: fc.nat({ max: 3 }),
  }),
  { maxLength: 40, size: 'max' },
)
type Plan = readonly { readonly records: number; readonly next: string; readonly keys: number }[]

/** Runs records under a plan of checkpoints and deaths; answers everything said by all lives, and how many lives there were. */
const runWithDeaths = async (records: readonly LogRecord[], plan: Plan, settings: Parameters<typeof make>[0]) => {
  const stored = new Map<string, Uint8Array>()
  const said: string[] = []
  let { processor, said: saying } = make(settings)
  let snapshot: ReturnType<PartitionProcessor['beginSnapshot']> | null = null
  let at = 0
  let deaths = 0
  const finish = (): void => {
    if (snapshot === null) return
    while (!snapshot.slice(2));
    for (const { key, value } of snapshot.entries()) {
      if (value === null) stored.delete(key)
      else stored.set(key, value)
    }
    snapshot = null
  }
  for (const { records: count, next, keys } of plan) {
    processor.process(records.slice(at, at + count))
    at = Math.min(at + count, records.length)
    if (next === 'begin' && snapshot === null) snapshot = processor.beginSnapshot(records[at]?.offset ?? records.at(-1)!.offset + 1)
    else if (next === 'slice') snapshot?.slice(keys)
    else if (next === 'finish') finish()
    else if (next === 'die') {
      deaths++
      said.push(...saying)
      const life = await restored(stored, settings)
      ;({ processor, said: saying } = life)
      snapshot = null
      const from = life.next ?? 0
      at = records.findIndex(({ offset }) => offset >= from)
      if (at < 0) at = records.length
    }
  }
  processor.process(records.slice(at))
  return { said: [...said, ...saying], deaths }
}

/** The same set; tells only what differs. */
const mustSay = (said: readonly string[], expected: readonly string[]): void => {
  const [a, b] = [new Set(said), new Set(expected)]
  expect({ only: [...a].filter((line) => !b.has(line)), missing: [...b].filter((line) => !a.has(line)) }).toEqual({ only: [], missing: [] })
}
const options = { numRuns: 150, includeErrorInReport: true, endOnFailure: true }

it('batch boundaries change nothing', () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.array(fc.integer({ min: 1, max: 30 }), { size: 'max', maxLength: 30 }), (records, sizes) => {
      const { processor, said } = make()
      let at = 0
      for (const size of sizes) processor.process(records.slice(at, (at += size)))
      processor.process(records.slice(at))
      expect(said).toEqual(straight(records))
    }),
    options,
  )
})

/** What a checkpoint of everything would hold. */
const stateOf = (processor: PartitionProcessor): string[] => {
  const snapshot = processor.beginSnapshot(9e9)
  while (!snapshot.slice(99));
  return snapshot
    .entries()
    .map(({ key, value }) => `${key} ${value === null ? 'gone' : Buffer.from(value).toString()}`)
    .sort()
}

it.each([
  ['with room for every key', 1_000],
  ['while keys are evicted', 3],
])('taken key by key it says what it says record by record, in the same order, and leaves the same state, %s', (_, keysMax) => {
  fc.assert(
    fc.property(arbitraryRecords, (records) => {
      const [together, oneByOne] = [make({ keysMax, faults: true }), make({ keysMax, faults: true })]
      together.processor.process(records)
      for (const record of records) oneByOne.processor.process([record])
      expect(together.said).toEqual(oneByOne.said)
      expect(together.processor.counts()).toEqual(oneByOne.processor.counts())
      expect(stateOf(together.processor)).toEqual(stateOf(oneByOne.processor))
    }),
    { ...options, numRuns: 300 },
  )
})

it('a batch that comes twice says nothing twice', () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.nat({ max: 150 }), (records, from) => {
      const { processor, said } = make()
      processor.process(records)
      processor.process(records.slice(from))
      expect(said).toEqual(straight(records))
    }),
    options,
  )
})

it.each([
  ['with room for every key', 1_000],
  ['while keys are evicted', 3],
])('killed at any record and resumed from the last checkpoint, it says the same set with the same ids, %s', async (_, keysMax) => {
  let deaths = 0
  let said = 0
  await fc.assert(
    fc.asyncProperty(arbitraryRecords, arbitraryPlan, async (records, plan) => {
      const lives = await runWithDeaths(records, plan, { keysMax })
      const expected = straight(records, { keysMax })
      deaths += lives.deaths
      said += expected.length
      mustSay(lives.said, expected)
    }),
    { ...options, numRuns: 300 },
  )
  // The property is about something.
  expect(deaths).toBeGreaterThan(300)
  expect(said).toBeGreaterThan(3_000)
})

const withoutIndex = (line: string): string => line.replace(/"index":\d+/, '')

it('a checkpoint of which only a part was written (a changelog topic) is harmless', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryRecords, fc.nat({ max: 99 }), fc.nat({ max: 99 }), fc.nat(), async (records, first, second, kept) => {
      const [from, to] = [first, second].map((percent) => Math.floor((records.length * percent) / 100)).sort((a, b) => a - b) as [
        number,
        number,
      ]
      const { processor, said } = make()
      const stored = new Map<string, Uint8Array>()
      processor.process(records.slice(0, from))
      const whole = processor.beginSnapshot(records[from]!.offset)
      while (!whole.slice(9));
      for (const { key, value } of whole.entries()) if (value !== null) stored.set(key, value)
      processor.process(records.slice(from, to))
      const part = processor.beginSnapshot(records[to]!.offset)
      while (!part.slice(9));
      for (const [i, { key, value }] of part.entries().entries())
        if (key !== 'meta' && value !== null && (kept >> i) & 1) stored.set(key, value)

      const life = await restored(stored, {})
      life.processor.process(records.slice(from))
      // Only how many findings of other keys came before it at one record may differ: the ids do not.
      mustSay([...said, ...life.said].map(withoutIndex), straight(records).map(withoutIndex))
    }),
    options,
  )
})

it('a detector that throws changes nothing in what the others say', () => {
  const others = detectorsForTests.filter((detector) => detector !== throwsForTests)
  const ofOthers = (lines: readonly string[]) => lines.filter((line) => !line.includes('"detector":"throws"')).map(withoutIndex)
  fc.assert(
    fc.property(arbitraryRecords, (records) => {
      expect(ofOthers(straight(records))).toEqual(ofOthers(straight(records, { detectors: others })))
    }),
    options,
  )
})

it('the order in which the stages are listed changes nothing', () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.shuffledSubarray([...detectorsForTests], { minLength: 5 }), (records, detectors) => {
      expect(straight(records, { detectors })).toEqual(straight(records))
    }),
    { ...options, numRuns: 100 },
  )
})
