import { getLastVersion } from 'lmdb'
import { blobKey, partitionEndKey } from './blob-key.ts'
import type { Environment } from './environment.ts'

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
const dropStep = async (environment: Environment, partitions: number, limits: RetentionLimits, nowMs: number): Promise<number> => {
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
    await environment.batch(() => {
      for (const key of dropped) void environment.remove(key)
    })
  return dropped.length
}

/** Drops all that the limits let go, in small steps with other work between them. Answers how many blobs. Rejects when the disk does. */
export const dropExpired = async (
  environment: Environment,
  partitions: number,
  limits: RetentionLimits,
  nowMs: number,
  goOn: () => boolean,
): Promise<number> => {
  // Readers that were killed hold pages until somebody looks.
  environment.readerCheck()
  let total = 0
  while (goOn()) {
    const step = await dropStep(environment, partitions, limits, nowMs)
    total += step
    if (step < blobsPerStepMax) break
  }
  return total
}
