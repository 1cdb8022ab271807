import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { envelopeKind } from '../../contracts/envelope.ts'
import type { Finding } from '../../contracts/finding.ts'
import { type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import type { Observation } from '../../contracts/observation.ts'
import type { ProcessorSettings, StageFault } from './partition-processor.ts'
import { createSimulation } from './simulation.ts'
import type { StageParameters } from './stage-slots.ts'

/** Where the platform puts an observation: sessions by device (when one is named) and by source address, presence by its site. */
export const routesOf = (observation: Observation): readonly { readonly topic: LogTopicName; readonly key: string }[] => {
  if (observation.kind === 'presence') return [{ topic: topicByKey.cohort, key: `site:${observation.site}` }]
  if (observation.kind !== 'session') return [{ topic: topicByKey.device, key: observation.device }]
  const bySource = { topic: topicByKey.source, key: observation.address }
  return observation.device === null ? [bySource] : [{ topic: topicByKey.device, key: observation.device }, bySource]
}

/** Envelopes that hold the observation itself by reference, so that a run sees the very (frozen) objects that it was given. */
export const createReferenceCodec = (): {
  readonly decoder: EnvelopeDecoder
  readonly encode: (observation: Observation) => Uint8Array
} => {
  const held: Observation[] = []
  const decoder: EnvelopeDecoder = {
    version: 0,
    decode(value) {
      const observation = held[Buffer.from(value.buffer, value.byteOffset + 8, 4).readUInt32BE(0)]
      return observation === undefined ? { outcome: 'drop' } : { outcome: 'ok', observation }
    },
  }
  return {
    decoder,
    encode(observation: Observation): Uint8Array {
      const value = Buffer.alloc(12)
      value[0] = envelopeKind.observation
      value.writeUIntBE(Math.floor(Math.max(0, observation.receivedAt)), 2, 6)
      value.writeUInt32BE(held.push(observation) - 1, 8)
      return value
    },
  }
}

/** The same envelope, of the same time, with nothing to see in it. */
export const hideReference = (value: Uint8Array): Uint8Array => {
  const hidden = Buffer.from(value)
  hidden.writeUInt32BE(0xffff_ffff, 8)
  return hidden
}

export interface RunStagesOptions extends ProcessorSettings {
  readonly detectors: readonly AnyDetector[]
  readonly derivations: readonly AnyDerivation[]
  readonly observations: readonly Observation[]
  /** Clock records go on until then, ms. */
  readonly untilMs?: number
  readonly parameters?: StageParameters
  /** The edge writes no clock records between these times. */
  readonly edgeAway?: readonly { readonly fromMs: number; readonly untilMs: number }[]
  /** What a stage did wrong; throws it unless given, so that no test passes over a throwing stage. */
  readonly onFault?: (fault: StageFault) => void
}

const throwFault = ({ stage, key, reason, error }: StageFault): void => {
  throw new Error(`${stage} on ${key}: ${reason}`, { cause: error })
}

/**
 * Runs stages over observations as the platform would: routed to their topics and keys, in order of receivedAt (stable), with a
 * clock record each second of record time. Answers the findings in the order in which they were made.
 */
export const runStages = (options: RunStagesOptions): Finding[] => {
  const { detectors, derivations, observations, untilMs, parameters = {}, edgeAway = [], onFault = throwFault, ...settings } = options
  const findings: Finding[] = []
  const faults: StageFault[] = []
  const codec = createReferenceCodec()
  const simulation = createSimulation({
    ...settings,
    stages: { detectors, derivations, parameters },
    decoder: codec.decoder,
    onFinding: (finding) => findings.push(finding),
    onFault: (fault) => faults.push(fault),
    encodeDerived: codec.encode,
  })
  const away = [...edgeAway].sort((a, b) => a.fromMs - b.fromMs)
  const passTo = (atMs: number): void => {
    while (away[0] !== undefined && away[0].fromMs <= atMs) {
      simulation.tickUntil(away[0].fromMs)
      simulation.silentUntil(away.shift()!.untilMs)
    }
    simulation.tickUntil(atMs)
  }
  for (const observation of [...observations].sort((a, b) => a.receivedAt - b.receivedAt)) {
    passTo(observation.receivedAt)
    for (const { topic, key } of routesOf(observation)) simulation.feed(topic, key, codec.encode(observation), observation.receivedAt)
  }
  if (untilMs !== undefined) passTo(untilMs)
  faults.forEach(onFault)
  return findings
}
