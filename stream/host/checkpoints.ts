import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type StateStore, StateTaken } from '../../contracts/state-store.ts'
import type { PartitionProcessor } from './partition-processor.ts'

export interface CheckpointFigures {
  readonly written: number
  readonly failed: number
  /** Of the last one: from its first key to its being on disk, ms. */
  readonly lastMs: number
  readonly lastKeys: number
  readonly lastBytes: number
  /** Mean and largest value of a key that was ever serialised here, bytes. */
  readonly stateBytesMean: number
  readonly stateBytesMax: number
}

export interface CheckpointsOptions {
  readonly processor: PartitionProcessor
  readonly stateStore: StateStore
  readonly clock: Clock
  readonly logger: Logger
  /** Whether all that was said up to now is durable; false when it never will be: then there is no checkpoint. */
  readonly durable: () => Promise<boolean>
  readonly everyMs: number
  /** A checkpoint begins early at this many touched keys, so that none has to write more in one transaction. */
  readonly touchedKeysMax: number
  /** When the last one is taken to have been, ms: staggers the partitions. */
  readonly lastAtMs: number
  readonly sliceKeys?: number
  /** What no next checkpoint mends. */
  readonly onFailed: (error: unknown) => void
}

/** The checkpoints of one partition: drawn in slices between the batches, of one offset, written in one transaction. */
export interface Checkpoints {
  readonly partition: string
  /** Begins one when it is due. @param nextOffset of the batch just processed */
  begin(nextOffset: number): void
  /** Waits for the one under way, then writes a last one. */
  close(nextOffset: number | null): Promise<void>
  figures(): CheckpointFigures
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

export const createCheckpoints = (options: CheckpointsOptions): Checkpoints => {
  const { processor, stateStore, clock, logger, durable, everyMs, touchedKeysMax, sliceKeys = 128 } = options
  const partition = `${processor.topic}/${processor.partition}`
  const figures = { written: 0, failed: 0, lastMs: 0, lastKeys: 0, lastBytes: 0, stateBytesMax: 0 }
  let stateBytes = 0
  let states = 0
  let lastAtMs = options.lastAtMs
  let writtenTo = -1
  let underWay: Promise<void> | null = null
  /** A transaction that failed: it goes first into the next one, whose keys then win. */
  let owed = new Map<string, Uint8Array | null>()

  const checkpoint = async (nextOffset: number): Promise<void> => {
    const startedAt = clock.now()
    lastAtMs = startedAt
    const snapshot = processor.beginSnapshot(nextOffset)
    // Asked for now: what is said later does not concern this checkpoint.
    const said = durable()
    while (!snapshot.slice(sliceKeys)) await nextTurn()
    const write = owed
    owed = new Map()
    let bytes = 0
    for (const { key, value } of snapshot.entries()) {
      write.set(key, value)
      if (value === null) continue
      bytes += value.length
      stateBytes += value.length
      states++
      figures.stateBytesMax = Math.max(figures.stateBytesMax, value.length)
    }
    if (!(await said)) return
    try {
      await stateStore.write(
        partition,
        [...write].map(([key, value]) => ({ key, value })),
      )
    } catch (error) {
      if (error instanceof StateTaken) throw error
      // Not an end: findings go on, and a crash now only replays more.
      owed = write
      figures.failed++
      logger.error({ err: error, partition }, 'a checkpoint could not be written; the next one carries it too')
      return
    }
    writtenTo = nextOffset
    figures.written++
    figures.lastMs = clock.now() - startedAt
    figures.lastKeys = write.size
    figures.lastBytes = bytes
  }
  return {
    partition,
    begin(nextOffset) {
      if (underWay !== null || (clock.now() - lastAtMs < everyMs && processor.touchedKeys < touchedKeysMax)) return
      underWay = checkpoint(nextOffset)
        .catch(options.onFailed)
        .finally(() => {
          underWay = null
        })
    },
    async close(nextOffset) {
      await underWay
      if (nextOffset === null || nextOffset === writtenTo) return
      try {
        await checkpoint(nextOffset)
      } catch (error) {
        if (!(error instanceof StateTaken)) throw error
        logger.warn({ partition }, 'the last checkpoint was not wanted: another owner has the state already')
      }
    },
    figures: () => ({ ...figures, stateBytesMean: states === 0 ? 0 : stateBytes / states }),
  }
}
