import { type AppendRecord, LogUnavailable, logKeyBytesMax } from '../contracts/event-log.ts'
import { createLatencyHistogram, type LatencyHistogram } from '../contracts/histogram.ts'
import type { AppendedKeys } from './appended-keys.ts'
import { partitionOfHash } from './appended-keys.ts'
import { createRecordBatchWriter, type EncodedKey, type RecordBatchWriter } from './record-batch.ts'
import { createLinger } from './linger.ts'
import { checkRecord } from './topic-parcel.ts'

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
  /** The same in records, for a log whose offsets leave room for so many in a blob. Default: any number. */
  readonly blobRecordsMax?: number
  /** Above it `append` waits before it copies. */
  readonly queueBytesMax: number
  /** A steady clock, ms. */
  readonly steadyNowMs: () => number
}

export interface GroupCommit {
  append(records: readonly AppendRecord[]): Promise<void>
  /** Appends blobs as they stand, together. They are the caller's: not to be changed until it has settled, and never changed here. */
  appendBlobs(blobs: readonly CommitBlob[], records: number, bytes: number): Promise<void>
  /** Rejects everything that waits and has not been given to `write`: it is certain not to be in the log. */
  rejectWaiting(error: LogUnavailable): void
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
  /** Those of `blobs` that are this file's own. */
  readonly own: RecordBatchWriter[]
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
  readonly reject: (error: unknown) => void
}

const nothing = Buffer.alloc(0)
const sparesMax = 16
/** After a commit that failed the next one waits so long: a full disk is not asked a thousand times a second. */
const failurePauseMs = 100

/** Gathers appends into commits, one at a time in flight. How long one waits for company is in `linger.ts`. */
export const createGroupCommit = (options: GroupCommitOptions): GroupCommit => {
  const { partitions, keys, lingerMsMax, commitBytesTarget, blobBytesMax, queueBytesMax, steadyNowMs } = options
  const blobRecordsMax = options.blobRecordsMax ?? Infinity
  const latency = createLatencyHistogram()
  const spares: RecordBatchWriter[] = []
  const full: Commit[] = []
  const waitingAppends: WaitingAppend[] = []
  let current: Commit | null = null
  let inFlight = false
  /** After a failure: when to try again. */
  let pausedUntilMs = -Infinity
  let closed = false
  let lastStartMs = -Infinity
  const linger = createLinger(lingerMsMax)
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
      own: [],
      open: new Array<RecordBatchWriter | undefined>(partitions).fill(undefined),
      records: 0,
      bytes: 0,
      settled: promise,
      resolve,
      reject,
    }
    return current
  }

  const count = (commit: Commit, records: number, bytes: number): void => {
    commit.bytes += bytes
    commit.records += records
    queueBytes += bytes
    queueRecords += records
  }

  const place = (commit: Commit, partition: number, key: EncodedKey, value: Uint8Array): void => {
    let writer = commit.open[partition]
    if (writer === undefined) {
      writer = spares.pop() ?? createRecordBatchWriter()
      commit.open[partition] = writer
      commit.blobs.push({ partition, records: writer })
      commit.own.push(writer)
    }
    const before = writer.length()
    writer.push(key.bytes, key.hash, value, nothing, 0, 0)
    count(commit, 1, writer.length() - before)
    if (writer.length() >= blobBytesMax || writer.count() >= blobRecordsMax) commit.open[partition] = undefined
  }

  const release = (commit: Commit): void => {
    queueBytes -= commit.bytes
    queueRecords -= commit.records
    for (const records of commit.own) {
      records.clear()
      if (spares.length < sparesMax) spares.push(records)
    }
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
        release(commit)
        while (waitingAppends.length > 0 && queueBytes < queueBytesMax) {
          const next = waitingAppends.shift()!
          next.resolve(appendNow(next.records))
        }
        if (current !== null && full.length === 0) linger.probe(steadyNowMs() - lastStartMs)
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
    const dueInMs = Math.max(pauseMs, lastStartMs + linger.ms - nowMs)
    // Timers tick in whole milliseconds, and may come early: what is due within half of one is due.
    if (lingerIsOver || closed || dueInMs < 0.5 || (pauseMs < 0.5 && (full.length > 0 || current!.bytes >= commitBytesTarget))) {
      if (timer !== undefined) {
        clearTimeout(timer)
        timer = undefined
        linger.ended(nowMs, full.length > 0)
      }
      startNext()
    } else if (timer === undefined) {
      linger.began(nowMs)
      timer = setTimeout(() => consider(true), dueInMs)
    }
  }

  const asked = (commit: Commit): void => {
    if (turnAsked || inFlight) return
    if (timer !== undefined) {
      linger.called(steadyNowMs())
      if (commit.bytes < commitBytesTarget) return
    }
    turnAsked = true
    setImmediate(() => {
      turnAsked = false
      consider()
    })
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
        checkRecord(partitions, partition ?? 0, key.length > logKeyBytesMax ? key.length : keys.encode(key).bytes.length, value.length)
      if (records.length === 0) return
      if (queueBytes < queueBytesMax && waitingAppends.length === 0) return appendNow(records)
      return new Promise((resolve, reject) => waitingAppends.push({ records, resolve, reject }))
    },
    appendBlobs(blobs, records, bytes) {
      if (closed) return Promise.reject(new LogUnavailable('closed', 'the log is closed'))
      if (blobs.length === 0) return Promise.resolve()
      const commit = openCommit()
      for (const blob of blobs) {
        commit.blobs.push(blob)
        // What comes next stands after it.
        commit.open[blob.partition] = undefined
      }
      count(commit, records, bytes)
      asked(commit)
      return commit.settled
    },
    rejectWaiting(error) {
      const rejected = current === null ? full.splice(0) : [...full.splice(0), current]
      current = null
      for (const commit of rejected) {
        failures++
        commit.reject(error)
        release(commit)
      }
      for (const waiting of waitingAppends.splice(0)) waiting.reject(error)
    },
    stats: () => ({ commits, failures, records: recordsWritten, bytes: bytesWritten, queueBytes, queueRecords, lingerMs: linger.ms }),
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
