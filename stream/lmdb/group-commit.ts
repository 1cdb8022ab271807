import { type AppendRecord, LogUnavailable, logKeyBytesMax } from '../../contracts/event-log.ts'
import { createLatencyHistogram, type LatencyHistogram } from '../../contracts/histogram.ts'
import type { AppendedKeys } from '../appended-keys.ts'
import { partitionOfHash } from '../appended-keys.ts'
import { createRecordBatchWriter, type EncodedKey, type RecordBatchWriter, recordFault } from '../record-batch.ts'

/** One blob of a commit: records of one partition. */
export interface CommitBlob {
  readonly partition: number
  readonly records: RecordBatchWriter
}

export interface GroupCommitOptions {
  readonly partitions: number
  readonly keys: AppendedKeys
  /** Makes all blobs durable, or none of them; rejects with `LogUnavailable`. Called again only after it has settled. */
  readonly write: (blobs: readonly CommitBlob[]) => Promise<void>
  /** The longest that a commit waits for company, counted from the start of the one before. */
  readonly lingerMsMax: number
  /** So much waiting starts a commit without waiting longer. */
  readonly commitBytesTarget: number
  /** A partition's records in one commit are cut into blobs of about this size: what a reader has to hold at once. */
  readonly blobBytesMax: number
  /** Above it `append` waits before it copies, and `push` rejects. */
  readonly queueBytesMax: number
  /** A steady clock, ms. */
  readonly steadyNowMs: () => number
}

export interface GroupCommit {
  append(records: readonly AppendRecord[]): Promise<void>
  push(partition: number, key: EncodedKey, value: Uint8Array, more?: Uint8Array, evenMore?: Uint8Array): Promise<void>
  stats(): GroupCommitStats
  /** The time from the start of a commit to its end. */
  readonly latency: LatencyHistogram
  /** No more appends; settles what waits, at once. */
  close(): Promise<void>
}

export interface GroupCommitStats {
  readonly commits: number
  readonly failures: number
  readonly records: number
  readonly bytes: number
  readonly queueBytes: number
  readonly queueRecords: number
  readonly lingerMs: number
}

interface Commit {
  readonly blobs: CommitBlob[]
  /** The blob that a partition's next record goes to. */
  readonly open: (RecordBatchWriter | undefined)[]
  records: number
  bytes: number
  readonly settled: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface WaitingAppend {
  readonly records: readonly AppendRecord[]
  readonly resolve: (settled: Promise<void>) => void
}

const sparesMax = 16
/** After a commit that failed the next one waits so long: a full disk is not asked a thousand times a second. */
const failurePauseMs = 100

/** A probe for company that failed is not repeated for 2, 4, 8 .. commits, at most this power of two. */
const failedProbesMax = 6

/**
 * Gathers appends into commits, one at a time in flight.
 *
 * A commit's price is its flush (0.3-0.5 ms of CPU here, however little is in it), so how long to wait for company matters more
 * than anything else, and the linger finds itself. What tells is *when* company came. Readings of a fleet keep coming: the last one
 * came just before the linger's end, so a longer one pays, and it doubles up to `lingerMsMax`. Callers that wait for their
 * acknowledgement come at once after it and then no more: waiting is in vain, and the linger halves down to none.
 * Whether a linger would pay is probed when something waits at the end of a commit, with growing pauses between failed probes.
 * The linger counts from the start of the commit before, so a slow disk adds nothing to it.
 */
export const createGroupCommit = (options: GroupCommitOptions): GroupCommit => {
  const { partitions, keys, lingerMsMax, commitBytesTarget, blobBytesMax, queueBytesMax, steadyNowMs } = options
  const latency = createLatencyHistogram()
  const spares: RecordBatchWriter[] = []
  const full: Commit[] = []
  const waitingAppends: WaitingAppend[] = []
  let current: Commit | null = null
  let inFlight = false
  /** After a failure: when to try again. */
  let pausedUntilMs = -Infinity
  let closed = false
  let lingerMs = 0
  let lastStartMs = -Infinity
  let lingerBeganMs = 0
  /** When somebody last called during the linger; its beginning when nobody did. */
  let lastCallMs = 0
  let failedProbes = 0
  let commitsToProbe = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let turnAsked = false
  let queueBytes = 0
  let queueRecords = 0
  let commits = 0
  let failures = 0
  let recordsWritten = 0
  let bytesWritten = 0
  let idle: (() => void)[] = []

  const openCommit = (): Commit => {
    if (current !== null) {
      if (current.bytes < commitBytesTarget) return current
      full.push(current)
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    current = {
      blobs: [],
      open: new Array<RecordBatchWriter | undefined>(partitions).fill(undefined),
      records: 0,
      bytes: 0,
      settled: promise,
      resolve,
      reject,
    }
    return current
  }

  const place = (commit: Commit, partition: number, key: EncodedKey, value: Uint8Array, more?: Uint8Array, evenMore?: Uint8Array): void => {
    let writer = commit.open[partition]
    if (writer === undefined) {
      writer = spares.pop() ?? createRecordBatchWriter()
      commit.open[partition] = writer
      commit.blobs.push({ partition, records: writer })
    }
    const before = writer.length()
    writer.push(key, value, more, evenMore)
    const added = writer.length() - before
    commit.bytes += added
    commit.records++
    queueBytes += added
    queueRecords++
    if (writer.length() >= blobBytesMax) commit.open[partition] = undefined
  }

  const start = (commit: Commit): void => {
    const startedMs = steadyNowMs()
    inFlight = true
    lastStartMs = startedMs
    options
      .write(commit.blobs)
      .then(
        () => {
          commits++
          recordsWritten += commit.records
          bytesWritten += commit.bytes
          commit.resolve()
        },
        (error: unknown) => {
          failures++
          pausedUntilMs = steadyNowMs() + failurePauseMs
          commit.reject(error)
        },
      )
      .finally(() => {
        latency.record(steadyNowMs() - startedMs)
        inFlight = false
        queueBytes -= commit.bytes
        queueRecords -= commit.records
        for (const { records } of commit.blobs) {
          records.clear()
          if (spares.length < sparesMax) spares.push(records)
        }
        while (waitingAppends.length > 0 && queueBytes < queueBytesMax) {
          const next = waitingAppends.shift()!
          next.resolve(appendNow(next.records))
        }
        if (current !== null && full.length === 0) probe()
        consider()
      })
  }

  const startNext = (): void => {
    let next = full.shift()
    if (next === undefined && current !== null) {
      next = current
      current = null
    }
    if (next !== undefined) start(next)
  }

  /** A commit has ended and something waits: once in a while, makes it wait a little to see whether more comes. */
  const probe = (): void => {
    const shortest = steadyNowMs() - lastStartMs + 1
    if (lingerMs >= shortest || shortest > lingerMsMax || commitsToProbe-- > 0) return
    lingerMs = shortest
  }

  const adaptLinger = (nowMs: number): void => {
    const span = nowMs - lingerBeganMs
    const silence = nowMs - lastCallMs
    if (full.length > 0 || silence < span / 3) {
      lingerMs = Math.min(lingerMsMax, lingerMs * 2)
      failedProbes = 0
    } else if (silence > (span * 2) / 3) {
      lingerMs = lingerMs < 2 ? 0 : lingerMs / 2
      failedProbes = Math.min(failedProbesMax, failedProbes + 1)
      commitsToProbe = 2 ** failedProbes
    }
  }

  /** At the end of a turn, at the end of a commit, at the end of a linger: starts a commit when it is due. */
  const consider = (lingerIsOver = false): void => {
    if (inFlight) return
    if (current === null && full.length === 0) {
      const resting = idle
      idle = []
      for (const resolve of resting) resolve()
      return
    }
    const nowMs = steadyNowMs()
    const pauseMs = pausedUntilMs - nowMs
    const dueInMs = Math.max(pauseMs, lastStartMs + lingerMs - nowMs)
    // Timers tick in whole milliseconds, and may come early: what is due within half of one is due.
    if (lingerIsOver || closed || dueInMs < 0.5 || (pauseMs < 0.5 && (full.length > 0 || current!.bytes >= commitBytesTarget))) {
      if (timer !== undefined) {
        clearTimeout(timer)
        timer = undefined
        adaptLinger(nowMs)
      }
      startNext()
    } else if (timer === undefined) {
      lingerBeganMs = nowMs
      lastCallMs = nowMs
      timer = setTimeout(() => consider(true), dueInMs)
    }
  }

  const asked = (commit: Commit): void => {
    if (turnAsked || inFlight) return
    if (timer !== undefined) {
      lastCallMs = steadyNowMs()
      if (commit.bytes < commitBytesTarget) return
    }
    turnAsked = true
    setImmediate(() => {
      turnAsked = false
      consider()
    })
  }

  const check = (partition: number, keyBytes: number, valueBytes: number): void => {
    const fault = recordFault(keyBytes, valueBytes)
    if (fault !== null) throw new RangeError(fault)
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
      throw new RangeError(`there is no partition ${partition}, only ${partitions}`)
  }

  const appendNow = (records: readonly AppendRecord[]): Promise<void> => {
    const commit = openCommit()
    for (const record of records) {
      const key = keys.encode(record.key)
      place(commit, record.partition ?? partitionOfHash(key.hash, partitions), key, record.value)
    }
    asked(commit)
    return commit.settled
  }

  return {
    latency,
    async append(records) {
      if (closed) throw new LogUnavailable('closed', 'the log is closed')
      // Everything is checked before anything is placed. A key far too long is told without being remembered.
      for (const { key, value, partition } of records)
        check(partition ?? 0, key.length > logKeyBytesMax ? key.length : keys.encode(key).bytes.length, value.length)
      if (records.length === 0) return
      if (queueBytes < queueBytesMax && waitingAppends.length === 0) return appendNow(records)
      return new Promise((resolve) => waitingAppends.push({ records, resolve }))
    },
    push(partition, key, value, more, evenMore) {
      check(
        partition,
        key.bytes.length,
        value.length + (more === undefined ? 0 : more.length) + (evenMore === undefined ? 0 : evenMore.length),
      )
      if (closed) return Promise.reject(new LogUnavailable('closed', 'the log is closed'))
      if (queueBytes >= queueBytesMax)
        return Promise.reject(new LogUnavailable('io', `${queueBytes} bytes wait for the disk already, at most ${queueBytesMax} may`))
      const commit = openCommit()
      place(commit, partition, key, value, more, evenMore)
      asked(commit)
      return commit.settled
    },
    stats: () => ({ commits, failures, records: recordsWritten, bytes: bytesWritten, queueBytes, queueRecords, lingerMs }),
    async close() {
      closed = true
      if (inFlight || current !== null || full.length > 0 || waitingAppends.length > 0) {
        const resting = new Promise<void>((resolve) => idle.push(resolve))
        consider()
        await resting
      }
    },
  }
}
