import { getLastVersion } from 'lmdb'
import { blobKey, partitionEndKey } from './blob-key.ts'
import type { Environment } from './environment.ts'
import type { OpeningGate } from './opening-gate.ts'

export interface RetentionLimits {
  /** What was appended longer ago is dropped, ms. */
  readonly retentionMs: number
  /** The oldest is dropped while a topic's pages take more than this, bytes. */
  readonly retentionBytes: number
}

/** Blobs dropped in one transaction: it holds the topic's write lock for a flush, and appends wait for it. */
const blobsPerStepMax = 128

interface Candidate {
  readonly key: Buffer
  readonly appendedAt: number
  readonly bytes: number
}

/** Bytes in use, without what is free to be used again. */
export const usedBytes = (environment: Environment): number => {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = environment.getStats() as Record<string, number>
  return pageSize! * (treeBranchPageCount! + treeLeafPageCount! + overflowPages!)
}

const oldest = (environment: Environment, partition: number): Candidate[] => {
  const found: Candidate[] = []
  for (const key of environment.getKeys({ start: blobKey(partition, 0), end: partitionEndKey(partition), limit: blobsPerStepMax })) {
    const bytes = environment.getBinaryFast(key)?.length ?? 0
    found.push({ key: Buffer.from(key), appendedAt: getLastVersion(), bytes })
  }
  return found
}

/**
 * Drops the oldest blobs of a topic, across its partitions, one step. Within a partition always from the front, whatever the clock
 * did. Answers how many; fewer than the step holds means that the rest stays.
 */
const dropStep = async ({ environment, partitions, committing }: Retained, limits: RetentionLimits, nowMs: number): Promise<number> => {
  environment.resetReadTxn()
  let overBytes = usedBytes(environment) - limits.retentionBytes
  const queues = Array.from({ length: partitions }, (_, partition) => oldest(environment, partition))
  environment.resetReadTxn()
  const dropped: Buffer[] = []
  while (dropped.length < blobsPerStepMax) {
    const queue = queues.reduce((a, b) => ((b[0]?.appendedAt ?? Infinity) < (a[0]?.appendedAt ?? Infinity) ? b : a))
    const candidate = queue[0]
    if (candidate === undefined || (candidate.appendedAt >= nowMs - limits.retentionMs && overBytes <= 0)) break
    queue.shift()
    dropped.push(candidate.key)
    overBytes -= candidate.bytes
  }
  if (dropped.length > 0)
    await committing(() =>
      environment.batch(() => {
        for (const key of dropped) void environment.remove(key)
      }),
    )
  return dropped.length
}

/** A topic as far as retention knows it. */
export interface Retained {
  readonly environment: Environment
  readonly partitions: number
  readonly committing: OpeningGate['committing']
}

/** Drops all that the limits let go, in small steps with other work between them. Answers how many blobs. Rejects when the disk does. */
export const dropExpired = async (retained: Retained, limits: RetentionLimits, nowMs: number, goOn: () => boolean): Promise<number> => {
  // Readers that were killed hold pages until somebody looks.
  retained.environment.readerCheck()
  let total = 0
  while (goOn()) {
    const step = await dropStep(retained, limits, nowMs)
    total += step
    if (step < blobsPerStepMax) break
  }
  return total
}

/** Runs `round` every `everyMs`, one at a time. */
export const startRounds = (round: () => Promise<void>, everyMs: number): { stop(): Promise<void> } => {
  let running: Promise<void> | null = null
  const timer = setInterval(() => {
    running ??= round().finally(() => (running = null))
  }, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
