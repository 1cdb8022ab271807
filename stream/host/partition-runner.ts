import type { Clock } from '../../contracts/clock.ts'
import { encodeObservation } from '../../contracts/envelope.ts'
import { type AppendRecord, type EventLog, lagOf, type LogBatch } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import type { LatencyHistogram } from '../../contracts/histogram.ts'
import { topicByKey } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { type CheckpointFigures, createCheckpoints } from './checkpoints.ts'
import { findingLine } from './finding-line.ts'
import { createOutbox } from './outbox.ts'
import { type ProcessorOptions, type StageFault, createPartitionProcessor } from './partition-processor.ts'
import type { ProcessorCounts } from './processor-counts.ts'

export interface PartitionFigures extends ProcessorCounts {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  /** Records behind the partition's end when the last batch was read: an upper bound. */
  readonly lag: number
  readonly waiting: number
  readonly checkpoint: CheckpointFigures
}

export interface PartitionRunnerOptions extends Omit<ProcessorOptions, 'onFinding' | 'onDerived' | 'onFault' | 'onObservation'> {
  readonly log: Pick<EventLog, 'append'>
  readonly stateStore: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly latency: LatencyHistogram
  readonly checkpointEveryMs: number
  readonly touchedKeysMax: number
  readonly lastCheckpointAtMs: number
  /** Called when the finding is durable. */
  readonly onFinding?: (finding: Finding) => void
  readonly onFault?: (fault: StageFault) => void
  readonly onFailed: (error: unknown) => void
}

/** One partition of a running host: its processor, what it says on its way to the log, its checkpoints. */
export interface PartitionRunner {
  /** Restores the checkpoint; answers where to go on, null for the beginning. */
  load(): Promise<number | null>
  handle(batch: LogBatch): Promise<void>
  /** From now on an unavailable log is not waited for. */
  hurry(): Promise<void>
  /** Writes a last checkpoint, if all that was said is durable. */
  close(): Promise<void>
  figures(): PartitionFigures
}

interface SaidFinding extends AppendRecord {
  readonly finding: Finding
  readonly receivedAtMs: number
}

export const createPartitionRunner = (options: PartitionRunnerOptions): PartitionRunner => {
  const { log, stateStore, clock, logger, latency, onFinding, onFailed, ...processorOptions } = options
  const { topic, partition, onFault } = options
  let nextOffset: number | null = null
  let lag = 0
  const faults = new Map<string, number>()

  const onUnavailable = (error: unknown): void =>
    logger.error({ err: error, topic, partition }, 'findings wait: the log is unavailable; trying again')
  const findings = createOutbox<SaidFinding>({
    append: (items) => log.append('findings.v1', items),
    onDurable(items) {
      const now = clock.now()
      for (const { finding, receivedAtMs } of items) {
        latency.record(Math.max(0, now - receivedAtMs))
        onFinding?.(finding)
      }
    },
    onUnavailable,
    onFailed,
  })
  const derived = createOutbox({ append: (items) => log.append(topicByKey.cohort, items), onUnavailable, onFailed })

  const processor = createPartitionProcessor({
    ...processorOptions,
    onFinding: (finding, receivedAtMs) =>
      // The partition of what triggered it: findings.v1 has as many, and one reader sees one device's findings in order.
      findings.push({ key: finding.device, value: Buffer.from(findingLine(finding)), partition, finding, receivedAtMs }),
    onDerived: (cohort, observation) => derived.push({ key: cohort, value: encodeObservation(observation) }),
    onFault(fault) {
      onFault?.(fault)
      const times = (faults.get(fault.stage) ?? 0) + 1
      faults.set(fault.stage, times)
      // Each doubling is told: a detector that throws at every record must not flood the log files.
      if ((times & (times - 1)) !== 0) return
      const { error, ...where } = fault
      logger.error({ err: error, ...where, times }, 'a detector failed; the others go on')
    },
  })
  const checkpoints = createCheckpoints({
    processor,
    stateStore,
    clock,
    logger,
    durable: async () => (await Promise.all([findings.durable(), derived.durable()])).every(Boolean),
    everyMs: options.checkpointEveryMs,
    touchedKeysMax: options.touchedKeysMax,
    lastAtMs: options.lastCheckpointAtMs,
    onFailed,
  })

  return {
    async load() {
      nextOffset = await processor.restore(stateStore.load(checkpoints.partition))
      return nextOffset
    },
    async handle(batch) {
      processor.process(batch.records)
      nextOffset = batch.nextOffset
      lag = lagOf(batch)
      checkpoints.begin(nextOffset)
      await Promise.all([findings.room(), derived.room()])
    },
    async hurry() {
      await Promise.all([findings.close(), derived.close()])
    },
    close: () => checkpoints.close(nextOffset),
    figures: () => ({
      ...processor.counts(),
      topic,
      partition,
      nextOffset: nextOffset ?? 0,
      lag,
      waiting: findings.waiting + derived.waiting,
      checkpoint: checkpoints.figures(),
    }),
  }
}
