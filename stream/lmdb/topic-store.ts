import { getLastVersion } from 'lmdb'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import { blobKey, headKey, offsetOfKey, partitionEndKey, writeBlobKey } from './blob-key.ts'
import { commitUnavailable, type Environment } from './environment.ts'
import type { CommitBlob } from '../group-commit.ts'
import type { OpeningGate } from './opening-gate.ts'

/**
 * One topic in one lmdb environment:
 *
 *   [partition, first offset] -> sealed record batch; the version is the time of the append, ms since the epoch (for retention)
 *   [0xff]                    -> the head: next offset of each partition, f64 each; the version counts the topic's commits
 *
 * Offsets are dense. Several processes write: a commit is one native conditional write, "if the head's version is still the one
 * that I read: put my blobs and the next head". Who loses reads the head again and seals again at the offsets that are
 * now next. After some losses in a row a writer takes lmdb's write lock first, which blocks its thread for a flush, and wins.
 */
export interface TopicStore {
  /** The number of commits so far, from whatever process: changes when something was appended. */
  commitCount(): number
  /** The next offset of each partition. */
  nextOffsets(): readonly number[]
  earliestOffset(partition: number): number
  /** The opened blob whose records begin at or enclose `offset`; null when retention dropped it. */
  blobAt(partition: number, offset: number): OpenedBlob | null
  /** Makes the blobs durable in one commit. Rejects with `LogUnavailable`, and then nothing of it is in the log. */
  write(blobs: readonly CommitBlob[]): Promise<void>
  /** Lets go of the read snapshot: call it at the end of a turn's reading, or old pages can't be used again. */
  endRead(): void
  /** Commits that another process was ahead of, and commits that took the lock first. */
  conflicts(): { readonly lost: number; readonly locked: number }
}

export interface OpenedBlob {
  readonly firstOffset: number
  readonly plain: Buffer
}

interface Head {
  readonly commits: number
  readonly next: readonly number[]
}

const lossesMax = 4

export interface TopicStoreOptions {
  readonly topic: LogTopicName
  readonly partitions: number
  readonly directory: string
  readonly environment: Environment
  readonly committing: OpeningGate['committing']
  readonly sealer: Sealer
  readonly nowMs: () => number
}

export const createTopicStore = ({
  topic,
  partitions,
  directory,
  environment,
  committing,
  sealer,
  nowMs,
}: TopicStoreOptions): TopicStore => {
  const lookupKey = blobKey(0, 0)
  const context = (partition: number, offset: number): string => `${topic}/${partition}/${offset}`
  let lost = 0
  let locked = 0

  const encodeHead = (next: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(8 * partitions)
    next.forEach((offset, partition) => bytes.writeDoubleBE(offset, partition * 8))
    return bytes
  }
  const readHead = (): Head => {
    const bytes = environment.getBinary(headKey)
    if (bytes === undefined) return { commits: 0, next: new Array<number>(partitions).fill(0) }
    const commits = getLastVersion()
    if (bytes.length !== 8 * partitions)
      throw new Error(`${topic} was written with ${bytes.length / 8} partitions, and is opened with ${partitions}: the number can't change`)
    return { commits, next: Array.from({ length: partitions }, (_, partition) => bytes.readDoubleBE(partition * 8)) }
  }
  const freshHead = (): Head => {
    environment.resetReadTxn()
    const head = readHead()
    environment.resetReadTxn()
    return head
  }
  // The first opener writes the head, so that every commit after it has a version to compare.
  if (environment.getBinary(headKey) === undefined)
    environment.transactionSync(() => {
      if (environment.getBinary(headKey) === undefined) void environment.put(headKey, encodeHead(readHead().next), 0)
    })
  freshHead()

  interface Sealed {
    readonly key: Buffer
    readonly value: Buffer
  }
  const sealAt = (blobs: readonly CommitBlob[], head: Head): { sealed: Sealed[]; next: number[] } => {
    const next = [...head.next]
    const sealed = blobs.map(({ partition, records }) => {
      const offset = next[partition]!
      next[partition] = offset + records.count()
      if (!Number.isSafeInteger(next[partition])) throw new RangeError(`${topic}/${partition} has no offset left`)
      return { key: blobKey(partition, offset), value: sealer.seal(records.bytes(), context(partition, offset)) }
    })
    return { sealed, next }
  }
  const putAll = (blobs: readonly CommitBlob[], head: Head): void => {
    const at = nowMs()
    const { sealed, next } = sealAt(blobs, head)
    for (const { key, value } of sealed) void environment.put(key, value, at)
    void environment.put(headKey, encodeHead(next), head.commits + 1)
  }

  const firstKey = (start: Buffer, end: Buffer, reverse: boolean): Buffer | undefined => {
    for (const key of environment.getKeys({ start, end, limit: 1, reverse })) return Buffer.from(key)
    return undefined
  }
  /** A blob in memory that the next read overwrites: it is opened at once, so that the sealed one needs no copy of its own. */
  const sealedAt = (key: Buffer): Buffer | undefined => {
    const lent = environment.getBinaryFast(key)
    // lmdb-js sets `length`, and nothing else, to the value's.
    return lent === undefined ? undefined : Buffer.from(lent.buffer, lent.byteOffset, lent.length)
  }
  const open = (partition: number, firstOffset: number, sealed: Buffer): OpenedBlob => ({
    firstOffset,
    plain: sealer.open(sealed, context(partition, firstOffset)),
  })

  const writeBlobs = async (blobs: readonly CommitBlob[]): Promise<void> => {
    try {
      for (let losses = 0; losses < lossesMax; losses++) {
        const head = freshHead()
        if (await environment.ifVersion(headKey, head.commits, () => putAll(blobs, head))) return
        lost++
      }
      locked++
      environment.resetReadTxn()
      environment.transactionSync(() => putAll(blobs, readHead()))
    } catch (error) {
      throw error instanceof RangeError
        ? error
        : await commitUnavailable(error, { what: topic, directory, bytes: blobs.reduce((sum, { records }) => sum + records.length(), 0) })
    } finally {
      environment.resetReadTxn()
    }
  }

  return {
    commitCount() {
      return environment.getBinaryFast(headKey) === undefined ? 0 : getLastVersion()
    },
    nextOffsets: () => readHead().next,
    earliestOffset(partition) {
      const key = firstKey(blobKey(partition, 0), partitionEndKey(partition), false)
      return key === undefined ? readHead().next[partition]! : offsetOfKey(key)
    },
    blobAt(partition, offset) {
      const exact = sealedAt(writeBlobKey(lookupKey, partition, offset))
      if (exact !== undefined) return open(partition, offset, exact)
      const enclosing = firstKey(blobKey(partition, offset), Buffer.from([partition]), true)
      if (enclosing === undefined) return null
      return open(partition, offsetOfKey(enclosing), sealedAt(enclosing)!)
    },
    write: (blobs) => committing(() => writeBlobs(blobs)),
    endRead: () => environment.resetReadTxn(),
    conflicts: () => ({ lost, locked }),
  }
}

/** For what can't happen unless the directory was changed by hand. */
export const missingBlob = (topic: LogTopicName, partition: number, offset: number): LogUnavailable =>
  new LogUnavailable('io', `${topic}/${partition} lacks the records at ${offset}, and holds older ones: the log is damaged`)
