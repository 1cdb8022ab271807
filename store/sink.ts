import type { Clock } from '../contracts/clock.ts'
import type { EnvelopeDecoder } from '../contracts/decode.ts'
import { type EventLog, lagOf, type LogBatch, type LogConsumer } from '../contracts/event-log.ts'
import { createLatencyHistogram, type HistogramSnapshot } from '../contracts/histogram.ts'
import type { Logger } from '../contracts/logger.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'
import type { RedeliveryFilter } from '../contracts/redelivery.ts'
import type { StoreConnection } from './connection.ts'
import { createBehind } from './landing/behind.ts'
import { createFindingMarks, loadFindingMarks } from './landing/finding-marks.ts'
import { type LandedTable, landedTables, partitionName } from './landing/landing-batch.ts'
import { createFlusher } from './landing/flusher.ts'
import { type LandedState, readLandedState } from './landing/positions.ts'
import { primeRedeliveries } from './landing/prime-redeliveries.ts'
import { rollUp } from './landing/roll-up.ts'
import { createRecordRouter, landedTopics, type RouteCounts } from './landing/route-record.ts'
import type { SinkSettings } from './landing/settings.ts'
import { createBatchWriter } from './landing/write-batch.ts'

/** What the log hands over at once. Ten times as many outlive the collector's nursery and the processor's cache: a tenth of all CPU. */
const batchRecordsMax = 1_000

export interface SinkStats {
  /** Why nothing lands at the moment; null when it does. */
  readonly problem: string | null
  readonly rowsByTable: Readonly<Record<string, number>>
  /** By `topic/partition`: upper bound of records not landed yet, the next offset, and what retention dropped before it was landed. */
  readonly lagByPartition: Readonly<Record<string, number>>
  readonly positions: Readonly<Record<string, number>>
  readonly gapsByPartition: Readonly<Record<string, number>>
  readonly insertMs: HistogramSnapshot
  /** A flush from its first insert to its position, retries included. */
  readonly flushMs: HistogramSnapshot
  readonly flushes: number
  readonly failedInserts: number
  readonly waitingRows: number
  readonly dropped: number
  readonly heldAlready: number
  readonly findingRepeats: number
  readonly deadLettersByReason: Readonly<Record<string, number>>
}

export interface Sink {
  /** Learns from ClickHouse where to resume, then follows the log. While ClickHouse is away it waits; `close` ends that. */
  start(): Promise<void>
  /** Lands what waits (one try), then stops. Idempotent. */
  close(): Promise<void>
  /** Rejects when the log's consumer has failed; resolves on close. */
  readonly failed: Promise<void>
  /** How far the tables are behind the log, ms; null when they are not. */
  behindMs(): number | null
  stats(): SinkStats
}

/**
 * Lands the log in ClickHouse, each record's row exactly once whatever is killed when:
 * a flush writes its rows table by table (each insert is one part: all or nothing), then the positions. A start resumes at the positions and
 * asks each table which offsets beyond them it holds; those are left out. While ClickHouse is away it waits: two flushes are held in
 * memory and the log's consumer stands still.
 */
export const createSink = (parts: {
  readonly log: Pick<EventLog, 'consume'>
  readonly store: StoreConnection
  /** When the tables are there; default: they are. */
  readonly storeReady?: Promise<void>
  readonly decoder: EnvelopeDecoder
  readonly redelivery: RedeliveryFilter
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: SinkSettings
}): Sink => {
  const { log, store, storeReady = Promise.resolve(), decoder, redelivery, clock, logger, settings } = parts
  const counts: RouteCounts = { dropped: 0, heldAlready: 0, findingRepeats: 0, deadLettersByReason: new Map() }
  const rowsByTable = new Map<string, number>()
  const lag = new Map<string, number>()
  const gaps = new Map<string, number>()
  const written = new Map<string, number>()
  const insertMs = createLatencyHistogram()
  let state: LandedState = { positions: new Map(), held: new Map(), landedAtMs: 0 }
  let rollUpTimer: ReturnType<typeof setTimeout> | null = null
  let rollingUp: Promise<void> | null = null
  let consumer: LogConsumer | null = null
  let closing = false
  let closed: Promise<void> | null = null
  let wake = (): void => {}
  const owned = new Set<string>()
  let problem: string | null = null
  let blockedMs: number | null = null
  let forgetTimer: ReturnType<typeof setTimeout> | null = null

  const behind = createBehind()
  const marks = createFindingMarks()
  /** Beyond it no table holds a row from before the start: by far the most records are told by this alone. */
  let heldOffsetMax = -1
  /** Behind the last such row of each `topic/partition`. */
  const heldEnds = new Map<string, number>()
  const isHeld = (table: LandedTable, topic: string, partition: number, offset: number): boolean =>
    offset <= heldOffsetMax && state.held.get(table)?.get(partitionName(topic, partition))?.has(offset) === true
  const router = createRecordRouter({ decoder, redelivery, marks, isHeld, counts, clock })
  const writer = createBatchWriter(store, (table, rows, ms) => {
    rowsByTable.set(table, (rowsByTable.get(table) ?? 0) + rows)
    insertMs.record(ms)
  })

  const flusher = createFlusher({
    writer,
    clock,
    logger,
    settings,
    membership: {
      // A consumer that has just been given its first partitions is certain of them.
      isCertain: () => consumer?.isCertain?.() ?? true,
      whenKnown: () => consumer?.whenCertain?.() ?? Promise.resolve(),
    },
    onWritten(positions) {
      for (const { topic, partition, nextOffset } of positions) {
        written.set(partitionName(topic, partition), nextOffset)
        behind.wrote(topic, partition, nextOffset)
      }
    },
  })

  const onBatch = async (from: LogBatch): Promise<void> => {
    const { topic, partition, records, nextOffset } = from
    behind.took(topic, partition, records, nextOffset)
    if (!(await flusher.makeRoom())) return
    const batch = flusher.current
    const heldBefore = counts.heldAlready
    for (const record of records) router.route(batch, topic, partition, record)
    // No position is written among rows that a crash left ahead of theirs: it would be younger than the rows behind it, which are looked for from its time on.
    if (nextOffset >= (heldEnds.get(partitionName(topic, partition)) ?? 0)) batch.reached(topic, partition, nextOffset)
    lag.set(partitionName(topic, partition), lagOf(from))
    // Rows whose position a crash took: it is written now, so that the next start need not look for them again.
    flusher.added(counts.heldAlready > heldBefore)
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const learn = async (): Promise<void> => {
    await flusher.flush()
    await store.settled(landedTables, settings.quietMs)
    state = await readLandedState(store.landing)
    flusher.notBefore(state.landedAtMs)
    for (const [name, next] of state.positions) written.set(name, next)
    heldEnds.clear()
    for (const partitions of state.held.values())
      for (const [name, offsets] of partitions)
        for (const offset of offsets) heldEnds.set(name, Math.max(heldEnds.get(name) ?? 0, offset + 1))
    heldOffsetMax = Math.max(0, ...heldEnds.values()) - 1
    const findingsFrom = new Map<number, number>()
    for (const [name, next] of state.positions)
      if (name.startsWith('findings.v1/')) findingsFrom.set(Number(name.slice('findings.v1/'.length)), next)
    // What was dropped with a rebalance is read again, and had been seen: it would be taken for a repeat, and land nowhere.
    marks.forget()
    redelivery.forget()
    await loadFindingMarks(store.landing, marks, findingsFrom)
    const primed = await primeRedeliveries(store.landing, redelivery, state.landedAtMs)
    logger.info({ positions: Object.fromEntries(state.positions), primed }, 'the sink has learnt where to resume')
  }

  const block = (): void => behind.blocked((blockedMs ??= clock.now()))
  const unblock = (): void => behind.blocked((blockedMs = null))

  /** The log holds what comes meanwhile. */
  const learnWhenItCan = async (): Promise<void> => {
    block()
    for (let waitMs = settings.retryMsMin; ; waitMs = Math.min(waitMs * 2, settings.retryMsMax)) {
      try {
        await learn()
        unblock()
        problem = null
        return
      } catch (error) {
        if (closing) throw error
        problem = error instanceof Error ? error.message : String(error)
        logger.error({ error: problem, waitMs }, 'where to resume could not be learnt; it will be tried again')
        await pause(waitMs)
        if (closing) throw new Error('the sink was closed before it knew where to resume', { cause: error })
      }
    }
  }

  /** A server that is there and says nothing: its requests' own limit is a minute, for inserts. */
  const unanswered = (): string | null => {
    const ms = store.unansweredMs()
    return ms < settings.unansweredMsMax ? null : `no answer for ${Math.round(ms / 1_000)} s`
  }

  /** A handler that waits for room while ClickHouse is away would hold the rebalance up until the group goes on without this sink, and land afterwards what another has. */
  const leaveSoon = (): void => {
    if (forgetTimer !== null) clearTimeout(forgetTimer)
    forgetTimer = setTimeout(() => flusher.forget(), settings.revokeWaitMsMax)
  }

  /** Rows of a partition that another sink has must not be landed from here once it has learnt where to resume. */
  const leave = async (partitions: readonly { topic: LogTopicName; partition: number }[]): Promise<void> => {
    if (forgetTimer !== null) clearTimeout(forgetTimer)
    const flushed = flusher.flush().then(() => true)
    if (!(await Promise.race([flushed, pause(settings.revokeWaitMsMax).then(() => false)]))) {
      if (partitions.length < owned.size)
        throw new Error('some partitions went to another sink and ClickHouse takes nothing: all of them are read again')
      flusher.forget()
    }
    wake()
    for (const { topic, partition } of partitions) owned.delete(partitionName(topic, partition))
    if (owned.size === 0) behind.forget()
  }

  const scheduleRollUp = (): void => {
    if (settings.rollUpMs === 0 || closing) return
    rollUpTimer = setTimeout(() => {
      rollingUp = rollUp(store.query, ...(settings.settleMs === 0 ? [] : [clock.now() - settings.settleMs]))
        .then(
          () => undefined,
          (error: unknown) =>
            logger.error({ error: error instanceof Error ? error.message : String(error) }, 'the minutes could not be computed; next time'),
        )
        .finally(() => {
          rollingUp = null
          scheduleRollUp()
        })
    }, settings.rollUpMs)
  }

  let settleClosing = (): void => {}
  const whenClosing = new Promise<void>((resolve) => {
    settleClosing = resolve
  })
  let settleFailed: { resolve: () => void; reject: (reason: unknown) => void }
  const failed = new Promise<void>((resolve, reject) => {
    settleFailed = { resolve, reject }
  })
  // Whoever awaits it is told; nobody awaiting it is no fault.
  failed.catch(() => {})

  const stop = async (): Promise<void> => {
    closing = true
    wake()
    settleClosing()
    flusher.end()
    for (const timer of [rollUpTimer, forgetTimer]) if (timer !== null) clearTimeout(timer)
    await consumer?.close()
    // Who shares its partitions has landed what it could before it left them (`onLeaving`).
    if (consumer?.isCertain !== undefined) flusher.forget()
    await flusher.flush()
    await rollingUp
    settleFailed.resolve()
  }

  /** Null when it was closed meanwhile. */
  const follow = async (): Promise<LogConsumer | null> => {
    try {
      return await log.consume({
        topics: landedTopics,
        group: 'wardwatch-sink',
        batchRecordsMax,
        async onAssigned(partitions) {
          await learnWhenItCan()
          for (const { topic, partition } of partitions) owned.add(partitionName(topic, partition))
          return partitions.map(({ topic, partition }) => state.positions.get(partitionName(topic, partition)) ?? 'earliest')
        },
        onBatch,
        onRevoking: leaveSoon,
        onRevoked: leave,
        onLeaving: () => flusher.flush(),
        onGap({ topic, partition, from, to, why }) {
          // What was never a record of ours is not missing; the log counts and tells it.
          if (why === 'unopened') return
          const name = partitionName(topic, partition)
          gaps.set(name, (gaps.get(name) ?? 0) + (to - from))
          logger.error({ topic, partition, from, to }, 'retention dropped records before they were landed')
        },
      })
    } catch (error) {
      if (closing) return null
      throw error
    }
  }

  return {
    failed,
    async start() {
      block()
      problem = 'ClickHouse is not ready yet'
      await Promise.race([storeReady, whenClosing])
      if (closing) return
      problem = null
      consumer = await follow()
      // Where nothing was assigned nothing was learnt, and nothing waits for ClickHouse.
      if (owned.size === 0) unblock()
      if (closing) await consumer?.close()
      consumer?.failed.catch((error: unknown) => settleFailed.reject(error))
      scheduleRollUp()
    },
    close: () => (closed ??= stop()),
    behindMs: () => behind.behindMs(clock.now()),
    stats: () => {
      const flushed = flusher.stats()
      return {
        rowsByTable: Object.fromEntries(rowsByTable),
        lagByPartition: Object.fromEntries(lag),
        positions: Object.fromEntries(written),
        // Zeros too: a counter that first appears with its first gap has no increase.
        gapsByPartition: Object.fromEntries([...new Set([...lag.keys(), ...gaps.keys()])].map((name) => [name, gaps.get(name) ?? 0])),
        insertMs: insertMs.snapshot(),
        ...flushed,
        problem: problem ?? unanswered() ?? flushed.problem,
        dropped: counts.dropped,
        heldAlready: counts.heldAlready,
        findingRepeats: counts.findingRepeats,
        deadLettersByReason: Object.fromEntries(counts.deadLettersByReason),
      }
    },
  }
}
