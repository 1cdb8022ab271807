import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { encodeClock, encodeObservation } from '../../contracts/envelope.ts'
import type { Finding } from '../../contracts/finding.ts'
import { type LogTopicName, logTopics, topicByKey } from '../../contracts/log-topics.ts'
import type { Presence } from '../../contracts/observation.ts'
import { partitionOf } from '../../contracts/partitioner.ts'
import { type PartitionProcessor, type ProcessorSettings, type StageFault, createPartitionProcessor } from './partition-processor.ts'
import { type Stages, checkStages } from './stage-slots.ts'

export interface SimulationOptions extends ProcessorSettings {
  readonly stages: Stages
  readonly decoder: EnvelopeDecoder
  readonly onFinding: (finding: Finding) => void
  readonly onFault?: (fault: StageFault) => void
  /** The edge's heartbeat in record time. */
  readonly clockEveryMs?: number
  /** Derived observations go in as this says; as envelopes unless given. */
  readonly encodeDerived?: (observation: Presence) => Uint8Array
}

/**
 * The whole stream without a log: records are put on the partitions that the log would choose, a clock record goes to every
 * partition each second of record time, and derived observations come back in. Offsets count from 0 in each partition.
 */
export interface Simulation {
  /** Takes records in the order of their times; clock records up to `atMs` go first. */
  feed(topic: LogTopicName, key: string, value: Uint8Array, atMs: number): void
  /** Lets record time pass. */
  tickUntil(untilMs: number): void
  /** The edge was away: no clock records from the last one until `untilMs`. */
  silentUntil(untilMs: number): void
  readonly processors: readonly PartitionProcessor[]
}

const observationTopics = Object.values(topicByKey)

export const createSimulation = (options: SimulationOptions): Simulation => {
  const { stages, decoder, onFinding, onFault, clockEveryMs = 1_000, encodeDerived = encodeObservation, ...settings } = options
  checkStages(stages)
  const derived: { readonly cohort: string; readonly observation: Presence }[] = []
  const lanes = observationTopics.map((topic) => ({
    topic,
    partitions: Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({
      nextOffset: 0,
      processor: createPartitionProcessor({
        ...settings,
        topic,
        partition,
        stages,
        decoder,
        onFinding,
        onDerived: (cohort, observation) => derived.push({ cohort, observation }),
        ...(onFault && { onFault }),
      }),
    })),
  }))
  const lanesByTopic = new Map(lanes.map((lane) => [lane.topic as LogTopicName, lane.partitions]))
  let lastTickMs: number | null = null

  const put = (topic: LogTopicName, partition: number, key: string, value: Uint8Array): void => {
    const lane = lanesByTopic.get(topic)?.[partition]
    if (lane === undefined) throw new RangeError(`${topic}/${partition} is no observation partition`)
    lane.processor.process([{ offset: lane.nextOffset++, key, value }])
  }
  const putDerived = (): void => {
    for (let next = derived.shift(); next !== undefined; next = derived.shift()) {
      const { cohort, observation } = next
      put(topicByKey.cohort, partitionOf(cohort, logTopics[topicByKey.cohort].partitions), cohort, encodeDerived(observation))
    }
  }
  const tick = (atMs: number): void => {
    const value = encodeClock('simulated', atMs)
    for (const { topic, partitions } of lanes)
      for (let partition = 0; partition < partitions.length; partition++) put(topic, partition, '', value)
    putDerived()
  }
  const tickUntil = (untilMs: number): void => {
    if (lastTickMs === null) tick((lastTickMs = Math.floor(untilMs / clockEveryMs) * clockEveryMs))
    while (lastTickMs + clockEveryMs <= untilMs) tick((lastTickMs += clockEveryMs))
  }
  return {
    feed(topic, key, value, atMs) {
      tickUntil(atMs)
      put(topic, partitionOf(key, logTopics[topic].partitions), key, value)
      putDerived()
    },
    tickUntil,
    silentUntil(untilMs) {
      if (lastTickMs === null || untilMs <= lastTickMs) return
      lastTickMs = Math.floor(untilMs / clockEveryMs) * clockEveryMs
      tick(lastTickMs)
    },
    processors: lanes.flatMap(({ partitions }) => partitions.map(({ processor }) => processor)),
  }
}
