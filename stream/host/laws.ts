import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import { encodeClock, isClock } from '../../contracts/envelope.ts'
import { type KeyedBy, topicByKey } from '../../contracts/log-topics.ts'
import type { Observation } from '../../contracts/observation.ts'
import { findingLine } from './finding-line.ts'
import { type PartitionProcessor, type StageFault, createPartitionProcessor } from './partition-processor.ts'
import { createReferenceCodec, hideReference, routesOf } from './run-stages.ts'
import { checkStages } from './stage-slots.ts'

interface Said {
  readonly key: string
  readonly line: string
}
interface Item {
  readonly offset: number
  readonly key: string
  readonly value: Uint8Array
}

const deepFreeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  Object.values(value).forEach(deepFreeze)
}

const fail = ({ stage, key, reason, error }: StageFault): never => {
  throw new Error(`${stage} on ${key}: ${reason}`, { cause: error })
}

const clockTailMs = 3_600_000

/** One partition's records: the observations that belong there, frozen, with a clock record each second and an hour of them behind. */
const recordsOf = (observations: readonly Observation[], keyedBy: KeyedBy) => {
  const codec = createReferenceCodec()
  const items: Item[] = []
  let clockMs: number | null = null
  const tick = (untilMs: number, everyMs: number): void => {
    clockMs ??= untilMs
    for (; clockMs <= untilMs; clockMs += everyMs) items.push({ offset: items.length, key: '', value: encodeClock('edge', clockMs) })
  }
  for (const observation of observations) {
    deepFreeze(observation)
    tick(observation.receivedAt, 1_000)
    for (const { topic, key } of routesOf(observation)) {
      if (topic === topicByKey[keyedBy]) items.push({ offset: items.length, key, value: codec.encode(observation) })
    }
  }
  const last = observations.at(-1)
  if (last !== undefined) tick(last.receivedAt + clockTailMs, 5_000)
  return { items, decoder: codec.decoder }
}

/** Runs one stage over one partition's records. `restartEvery`: goes through a checkpoint and a new processor so often. */
const run = async (stage: Stage, items: readonly Item[], decoder: EnvelopeDecoder, restartEvery = Infinity) => {
  const said: Said[] = []
  const stages = 'severity' in stage ? { detectors: [stage], derivations: [] } : { detectors: [], derivations: [stage] }
  const create = (): PartitionProcessor =>
    createPartitionProcessor({
      topic: topicByKey[stage.keyedBy],
      partition: 0,
      stages,
      onFinding: (finding) => said.push({ key: finding.key, line: findingLine(finding) }),
      onDerived: (cohort, observation) => said.push({ key: observation.device, line: JSON.stringify([cohort, observation]) }),
      onFault: fail,
      sizeCheckSteps: 1,
      decoder,
    })
  let processor = create()
  let stored = new Map<string, Uint8Array>()
  for (const [i, item] of items.entries()) {
    processor.process([item])
    if ((i + 1) % restartEvery !== 0) continue
    const snapshot = processor.beginSnapshot(item.offset + 1)
    while (!snapshot.slice(1_000));
    for (const { key, value } of snapshot.entries()) {
      if (value === null) stored.delete(key)
      else stored.set(key, value)
    }
    processor = create()
    const entries = [...stored].map(([key, value]) => ({ key, value }))
    await processor.restore(
      (async function* () {
        yield* entries
      })(),
    )
  }
  return said
}

type Stage = AnyDetector | AnyDerivation

/** The laws of every stage (docs/architecture.md, "A detector is one file"), each a check that rejects with a counter-example. */
export const laws: Readonly<
  Record<string, (stage: Stage, observations: fc.Arbitrary<readonly Observation[]>, runs: number) => Promise<void>>
> = {
  async 'has an initial state that fits its schema, and a default for every parameter'(stage) {
    checkStages('severity' in stage ? { detectors: [stage], derivations: [] } : { detectors: [], derivations: [stage] })
  },
  'neither throws, nor changes what it sees, nor outgrows its bound': (stage, observations, numRuns) =>
    fc.assert(
      fc.asyncProperty(observations, async (given) => {
        const { items, decoder } = recordsOf(given, stage.keyedBy)
        await run(stage, items, decoder)
      }),
      { numRuns, includeErrorInReport: true },
    ),
  'has a state that survives JSON at any step: a restart changes nothing in what it says': (stage, observations, numRuns) =>
    fc.assert(
      fc.asyncProperty(observations, fc.constantFrom(1, 2, 7), async (given, restartEvery) => {
        const { items, decoder } = recordsOf(given, stage.keyedBy)
        // The long silence at the end goes in one piece: restarting there a thousand times shows nothing new.
        const lively = items.slice(0, 400)
        const [straight, restarted] = [await run(stage, lively, decoder), await run(stage, lively, decoder, restartEvery)]
        mustEqual(restarted.map(lineOf), straight.map(lineOf))
      }),
      { numRuns, includeErrorInReport: true },
    ),
  'says the same of one key whatever the others do': (stage, observations, numRuns) =>
    fc.assert(
      fc.asyncProperty(observations, async (given) => {
        const { items, decoder } = recordsOf(given, stage.keyedBy)
        const among = await run(stage, items, decoder)
        const alone: Said[] = []
        for (const key of new Set(items.map((item) => item.key))) {
          // The other keys' records still move time, as other devices do; they are only not seen.
          const others = items.map((item) =>
            item.key === key || isClock(item.value) ? item : { ...item, value: hideReference(item.value) },
          )
          alone.push(...(await run(stage, others, decoder)))
        }
        mustEqual(alone.map(unindexed).sort(), among.map(unindexed).sort())
      }),
      { numRuns, includeErrorInReport: true },
    ),
}

const lineOf = ({ line }: Said): string => line
/** How many findings of other keys came before it at one clock record is not the stage's doing. */
const unindexed = ({ line }: Said): string => line.replace(/"index":\d+/, '')
const mustEqual = (actual: readonly string[], expected: readonly string[]): void => {
  if (actual.join('\n') !== expected.join('\n')) throw new Error(`said\n${actual.join('\n')}\ninstead of\n${expected.join('\n')}`)
}

/** One test a law and stage. Freezing what it sees makes a change to it a throw. */
export const describeLaws = (stages: readonly Stage[], observations: fc.Arbitrary<readonly Observation[]>, { runs = 25 } = {}): void => {
  for (const stage of stages) {
    describe(`the laws of ${stage.id}`, () => {
      // oxlint-disable-next-line vitest/valid-title -- it is the law's name
      for (const [name, law] of Object.entries(laws)) it(name, () => law(stage, observations, runs))
    })
  }
}
