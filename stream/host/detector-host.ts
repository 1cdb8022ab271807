import type { Clock } from '../../contracts/clock.ts'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import type { AnyDerivation, AnyDetector } from '../../contracts/detector.ts'
import type { EventLog, LogBatch, LogConsumer, StartPosition } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import { createLatencyHistogram } from '../../contracts/histogram.ts'
import { type KeyedBy, type LogTopicName, topicByKey } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { type HostStats, sumFigures } from './host-stats.ts'
import type { ProcessorSettings, StageFault } from './partition-processor.ts'
import { type PartitionRunner, createPartitionRunner } from './partition-runner.ts'
import { type StageParameters, checkStages } from './stage-slots.ts'

export interface DetectorHostOptions extends ProcessorSettings {
  readonly log: EventLog
  readonly stateStore: StateStore
  readonly decoder: EnvelopeDecoder
  readonly detectors: readonly AnyDetector[]
  readonly derivations: readonly AnyDerivation[]
  /** By stage id. */
  readonly parameters?: StageParameters
  readonly group: string
  readonly logger: Logger
  readonly clock: Clock
  readonly checkpointEveryMs?: number
  /** A partition's checkpoint begins early at this many touched keys: bounds what one transaction has to write. */
  readonly touchedKeysMax?: number
  /**
   * Records that are taken together while it catches up, some 40 ms of work: the more of one device's come in a row, the less is fetched
   * from slow memory (docs/bench.md). Live there are as many as a poll of the log finds.
   */
  readonly batchRecordsMax?: number
  /** Called for each finding once it is durable; after a crash again for those since the last checkpoint. */
  readonly onFinding?: (finding: Finding) => void
  readonly onFault?: (fault: StageFault) => void
}

/**
 * Runs detectors over the log: findings leave at once, state is checkpointed every few seconds, and a restart goes on from the
 * checkpoint and says the same again with the same ids (promises 2, 4, 5 and 6 of docs/architecture.md).
 */
export interface DetectorHost {
  /** Restores the state and begins. Rejects when the state cannot be read or the log is away. */
  start(): Promise<void>
  /** Resolves on close; rejects with what the host cannot go on after. */
  readonly failed: Promise<void>
  stats(): HostStats
  /** Finishes the batches under way and writes a last checkpoint; does not wait for a log that is unavailable. Idempotent. */
  close(): Promise<void>
}

/** Throws `RangeError` for stages or parameters that cannot run. */
export const createDetectorHost = (options: DetectorHostOptions): DetectorHost => {
  const { log, stateStore, decoder, detectors, derivations, parameters = {}, group, logger, clock, onFinding, onFault } = options
  const {
    checkpointEveryMs = 5_000,
    touchedKeysMax = 2_048,
    batchRecordsMax = 16_384,
    keysMax,
    outageGapMs,
    lateMs,
    sizeCheckSteps,
  } = options
  const stages = { detectors, derivations, parameters }
  checkStages(stages)
  const topics = (Object.keys(topicByKey) as KeyedBy[])
    .filter((keyedBy) => [...detectors, ...derivations].some((stage) => stage.keyedBy === keyedBy))
    .map((keyedBy) => topicByKey[keyedBy])
  const runners = new Map<string, PartitionRunner>()
  const latency = createLatencyHistogram()
  let outOfRange = 0
  let consumer: LogConsumer | null = null
  let closed: Promise<void> | null = null
  const { promise: failed, resolve: succeed, reject: fail } = Promise.withResolvers<void>()
  // Whoever looks at `failed` sees it; that nobody does must not end the process.
  failed.catch(() => {})

  const nameOf = ({ topic, partition }: { topic: LogTopicName; partition: number }): string => `${topic}/${partition}`

  const assign = async (partitions: readonly { topic: LogTopicName; partition: number }[]): Promise<readonly StartPosition[]> =>
    Promise.all(
      partitions.map(async (assigned, i): Promise<StartPosition> => {
        const runner = createPartitionRunner({
          ...assigned,
          stages,
          decoder,
          log,
          stateStore,
          clock,
          logger,
          latency,
          checkpointEveryMs,
          touchedKeysMax,
          // Staggered: not all partitions write in the same moment.
          lastCheckpointAtMs: clock.now() - Math.floor((checkpointEveryMs * i) / partitions.length),
          onFailed: fail,
          ...(onFinding && { onFinding }),
          ...(onFault && { onFault }),
          ...(keysMax !== undefined && { keysMax }),
          ...(outageGapMs !== undefined && { outageGapMs }),
          ...(lateMs !== undefined && { lateMs }),
          ...(sizeCheckSteps !== undefined && { sizeCheckSteps }),
        })
        const next = await runner.load()
        runners.set(nameOf(assigned), runner)
        return next ?? 'earliest'
      }),
    )

  const handle = async (batch: LogBatch): Promise<void> => {
    if (closed !== null) return
    const runner = runners.get(nameOf(batch))
    if (runner === undefined) throw new Error(`${nameOf(batch)} brought a batch without having been assigned`)
    await runner.handle(batch)
  }

  const release = async (partitions: readonly { topic: LogTopicName; partition: number }[]): Promise<void> => {
    await Promise.all(
      partitions.map(async (revoked) => {
        const runner = runners.get(nameOf(revoked))
        runners.delete(nameOf(revoked))
        await runner?.hurry()
        await runner?.close()
      }),
    )
  }

  const shut = async (): Promise<void> => {
    const all = [...runners.values()]
    // First, or a handler that waits for an unavailable log would keep the consumer from closing.
    await Promise.all(all.map((runner) => runner.hurry()))
    await consumer?.close()
    await Promise.all(all.map((runner) => runner.close()))
    succeed()
  }

  return {
    failed,
    async start() {
      consumer = await log.consume({
        topics,
        group,
        onAssigned: assign,
        onBatch: handle,
        onRevoked: release,
        onGap(gap) {
          // What was never a record of ours is not missing; the log counts and tells it.
          if (gap.why === 'unopened') return
          outOfRange++
          logger.error(gap, 'retention dropped records before the detectors read them')
        },
        batchRecordsMax,
      })
      consumer.failed.catch(fail)
      logger.info({ topics, detectors: detectors.length, derivations: derivations.length }, 'detectors are running')
    },
    stats: () =>
      sumFigures(
        [...runners.values()].map((runner) => runner.figures()),
        outOfRange,
        latency.snapshot(),
      ),
    close: () => (closed ??= shut()),
  }
}
