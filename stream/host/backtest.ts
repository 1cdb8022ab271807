import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import { envelopeTime, isClock } from '../../contracts/envelope.ts'
import type { LogRecord } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import { type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import { type PartitionProcessor, type ProcessorSettings, type StageFault, createPartitionProcessor } from './partition-processor.ts'
import { createSimulation } from './simulation.ts'
import { type StageParameters, checkStages } from './stage-slots.ts'

export interface BacktestBatch {
  readonly topic: LogTopicName
  readonly partition: number
  readonly records: readonly LogRecord[]
}

export interface BacktestOptions extends ProcessorSettings {
  /** Each partition's in offset order; other topics than the observations' are passed over. */
  readonly batches: AsyncIterable<BacktestBatch> | Iterable<BacktestBatch>
  readonly detectors: readonly AnyDetector[]
  readonly derivations: readonly AnyDerivation[]
  readonly decoder: EnvelopeDecoder
  readonly parameters?: StageParameters
  /**
   * `recorded`: the records of a log, with its clock records and the derived observations that stand in it: the findings are
   * those of the live run, byte for byte, whatever the batches. `simulated`: records from elsewhere (a CSV), in the order of
   * their times over all batches; clock records and derived observations are made up, as are partitions and offsets.
   */
  readonly timeline: 'recorded' | 'simulated'
  readonly onFault?: (fault: StageFault) => void
  /** With `simulated`: record time goes on until then, ms, after the last record. */
  readonly untilMs?: number
}

const observationTopics: ReadonlySet<LogTopicName> = new Set(Object.values(topicByKey))

/**
 * Puts records straight through the detectors: the processors of the live run, without a log and without checkpoints. Findings
 * come as they are made; `compareFindings` puts them in the canonical order. Throws `RangeError` for stages that cannot run.
 */
export async function* runBacktest(options: BacktestOptions): AsyncGenerator<Finding> {
  const { batches, detectors, derivations, decoder, parameters = {}, timeline, onFault, untilMs, ...settings } = options
  const stages = { detectors, derivations, parameters }
  checkStages(stages)
  let found: Finding[] = []
  const onFinding = (finding: Finding): void => void found.push(finding)
  const common = { ...settings, stages, decoder, onFinding, ...(onFault && { onFault }) }

  const processors = new Map<string, PartitionProcessor>()
  const simulation = timeline === 'simulated' ? createSimulation(common) : null
  const processorOf = (topic: LogTopicName, partition: number): PartitionProcessor => {
    const name = `${topic}/${partition}`
    const processor = processors.get(name) ?? createPartitionProcessor({ ...common, topic, partition })
    processors.set(name, processor)
    return processor
  }

  for await (const { topic, partition, records } of batches) {
    if (!observationTopics.has(topic)) continue
    if (simulation === null) processorOf(topic, partition).process(records)
    else {
      for (const { key, value } of records) {
        if (isClock(value)) simulation.tickUntil(envelopeTime(value))
        else simulation.feed(topic, key, value, envelopeTime(value))
      }
    }
    yield* found
    found = []
  }
  if (untilMs !== undefined) simulation?.tickUntil(untilMs)
  yield* found
}
