import { describe, expect, it } from 'vitest'
import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import type { Finding } from '../../contracts/finding.ts'
import { topicByKey } from '../../contracts/log-topics.ts'
import type { Observation } from '../../contracts/observation.ts'
import { routesOf, runStages } from './run-stages.ts'

export { describeLaws } from './laws.ts'
export { arbitraryObservations } from './arbitrary-observations.ts'
export { runStages } from './run-stages.ts'

/** What happened, and what the detector should make of it. */
export interface Story {
  /** In any order: they are put in order of receivedAt. A clock record is inserted each second of record time. */
  readonly given: readonly Observation[]
  /** How many findings. */
  readonly finds: number
  readonly parameters?: object
  /** Clock records go on until then, ms: for what is *not* heard. */
  readonly until?: number
  /** Every finding's sentence fits. */
  readonly why?: RegExp
  readonly check?: (findings: readonly Finding[]) => void
  /** The edge was away between these times, ms: it wrote no clock records. */
  readonly edgeAway?: readonly { readonly fromMs: number; readonly untilMs: number }[]
}

export interface StoryOptions {
  /** Stories whose observations this maps to another key than the platform would are refused: a guard against a story that tests nothing. */
  readonly key?: (observation: Observation, own: string) => string
  /** Stages that the detector's observations are derived by. */
  readonly derivations?: readonly AnyDerivation[]
}

/** A table of small stories about one detector, one test each. Any fault of the detector fails the test. */
export const describeDetector = (detector: AnyDetector, stories: Readonly<Record<string, Story>>, options: StoryOptions = {}): void => {
  const { key: keyOf = (_: Observation, own: string) => own, derivations = [] } = options
  describe(`${detector.id}: ${detector.title}`, () => {
    for (const [name, { given, finds, parameters, until, why, check, edgeAway }] of Object.entries(stories)) {
      // oxlint-disable-next-line vitest/valid-title -- it is the story's name
      it(name, () => {
        const misplaced = given.flatMap((observation) =>
          routesOf(observation).filter(({ topic, key }) => topic === topicByKey[detector.keyedBy] && key !== keyOf(observation, key)),
        )
        expect(misplaced).toEqual([])
        const findings = runStages({
          detectors: [detector],
          derivations,
          observations: given,
          parameters: parameters === undefined ? {} : { [detector.id]: parameters },
          ...(until !== undefined && { untilMs: until }),
          ...(edgeAway && { edgeAway }),
        })
        if (findings.length !== finds)
          throw new Error(`${findings.length} findings instead of ${finds}: ${findings.map((f) => `\n- ${f.why}`).join('')}`)
        expect(findings.filter((finding) => why?.test(finding.why) === false).map((finding) => finding.why)).toEqual([])
        check?.(findings)
      })
    }
  })
}
