import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import { encodeClock, isClock } from '../../contracts/envelope.ts'
import { type KeyedBy, topicByKey } from '../../contracts/log-topics.ts'
import type { Observation } from '../../contracts/observation.ts'
import { findingLine } from './finding-line.ts'
import { type PartitionProcessor, type ProcessorOptions, type StageFault, createPartitionProcessor } from './partition-processor.ts'
import { createReferenceCodec, hideReference as hide, routesOf } from './run-stages.ts'
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
const run = async (
  stage: AnyDetector | AnyDerivation,
  items: readonly Item[],
  options: Partial<ProcessorOptions> & Pick<ProcessorOptions, 'decoder'>,
  restartEvery = Infinity,
) => {
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
      ...options,
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

/**
 * The laws of every stage (docs/architecture.md, "A detector is one file"), over generated observations:
 * inputs stay as they are, state survives JSON at any step, other keys change nothing, state stays under its bound, no throw.
 */
export const describeLaws = (
  stages: readonly (AnyDetector | AnyDerivation)[],
  observations: fc.Arbitrary<readonly Observation[]>,
  options: { readonly runs?: number } = {},
): void => {
  const { runs = 25 } = options
  for (const stage of stages) {
    describe(`the laws of ${stage.id}`, () => {
      it('its initial state fits its schema, and every parameter has a default', () => {
        checkStages('severity' in stage ? { detectors: [stage], derivations: [] } : { detectors: [], derivations: [stage] })
      })

      it('it neither throws, nor changes what it sees, nor outgrows its bound', async () => {
        await fc.assert(
          fc.asyncProperty(observations, async (given) => {
            const { items, decoder } = recordsOf(given, stage.keyedBy)
            const before = JSON.stringify(given)
            await run(stage, items, { decoder })
            expect(JSON.stringify(given)).toBe(before)
          }),
          { numRuns: runs },
        )
      })

      it('its state survives JSON at any step: a restart changes nothing in what it says', async () => {
        await fc.assert(
          fc.asyncProperty(observations, fc.constantFrom(1, 2, 7), async (given, restartEvery) => {
            const { items, decoder } = recordsOf(given, stage.keyedBy)
            // The long silence at the end goes in one piece: restarting there a thousand times shows nothing new.
            const lively = items.slice(0, 400)
            expect(await run(stage, lively, { decoder }, restartEvery)).toEqual(await run(stage, lively, { decoder }))
          }),
          { numRuns: runs },
        )
      })

      it('other keys change nothing in what it says of one', async () => {
        await fc.assert(
          fc.asyncProperty(observations, async (given) => {
            const { items, decoder } = recordsOf(given, stage.keyedBy)
            const among = await run(stage, items, { decoder })
            const own = new Map<string, Said[]>()
            for (const key of new Set(items.map((item) => item.key))) {
              // The other keys' records still move time, as other devices do; they are only not seen.
              const others = items.map((item) => (item.key === key || isClock(item.value) ? item : { ...item, value: hide(item.value) }))
              own.set(key, await run(stage, others, { decoder }))
            }
            const unindexed = (said: readonly Said[]) => said.map(({ line }) => line.replace(/"index":\d+/, '')).sort()
            expect(unindexed([...own.values()].flat())).toEqual(unindexed(among))
          }),
          { numRuns: runs },
        )
      })
    })
  }
}
