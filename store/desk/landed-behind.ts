import type { ClickHouseClient } from '@clickhouse/client'
import type { Clock } from '../../contracts/clock.ts'
import { isClock } from '../../contracts/envelope.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import { receivedAtOf } from '../../contracts/received-at.ts'
import { toleratedMs } from '../landing/behind.ts'
import { partitionName } from '../landing/landing-batch.ts'
import { readPositions } from '../landing/positions.ts'
import { landedTopics } from '../landing/route-record.ts'

/** So many records at most are read to find one that lands: clock records do not. */
const lookedAtMax = 1_000
const lookMsDefault = 3_000
/** A ClickHouse that is there and says nothing is away from then on: its request's own limit is a minute, for inserts. */
const askedMsMaxDefault = 5_000

export interface LandedBehind {
  /** Of the last look, and growing since; null when the tables are not behind. */
  behindMs(): number | null
  close(): Promise<void>
}

/**
 * How far the tables are behind the log, for a desk whose sink is another process: the age of the oldest observation that the landed positions
 * do not cover. While ClickHouse is away the positions it had last count, so the answer grows with the outage.
 */
export const followLandedBehind = (parts: {
  readonly log: Pick<EventLog, 'ranges' | 'read'>
  readonly store: { readonly query: ClickHouseClient }
  readonly clock: Clock
  readonly logger: Logger
  readonly lookMs?: number
  readonly askedMsMax?: number
}): LandedBehind => {
  const { log, store, clock, logger, lookMs = lookMsDefault, askedMsMax = askedMsMaxDefault } = parts
  // by-cohort is read by detectors only: nothing of it lands.
  const topics = landedTopics.filter((topic) => topic.startsWith('observations.'))
  const startedAtMs = clock.now()
  let positions: ReadonlyMap<string, number> | null = null
  /** When the oldest observation that is not landed had come, ms; Infinity when all are. */
  let oldestMs = Infinity
  let timer: ReturnType<typeof setTimeout> | null = null
  const closing = new AbortController()
  let away = false
  let logProblem: string | null = null
  /** By partition: the position that was looked from, and the time of the first observation beyond it. */
  const firstTimes = new Map<string, { readonly from: number; readonly atMs: number }>()

  const firstTime = async (topic: LogTopicName, partition: number, from: number, to: number): Promise<number> => {
    let looked = 0
    for await (const { records } of log.read(topic, partition, from, to))
      for (const record of records) {
        if (record.value.length >= 8 && !isClock(record.value)) return receivedAtOf(record)
        // So many clock records without anything else: nothing to be behind of so far.
        if (++looked >= lookedAtMax) return Infinity
      }
    return Infinity
  }

  /** Waits no longer than its limit, nor than for `close`, whether or not the client hears the signal. */
  const asked = async <T>(ask: (ending: AbortSignal) => Promise<T>): Promise<T> => {
    const ending = new AbortController()
    const ended = Promise.withResolvers<never>()
    const end = (reason: string) => (): void => {
      ended.reject(new Error(reason))
      ending.abort()
    }
    const limit = setTimeout(end(`ClickHouse has not answered in ${askedMsMax} ms`), askedMsMax)
    const leave = end('closed')
    closing.signal.addEventListener('abort', leave)
    try {
      return await Promise.race([ask(ending.signal), ended.promise])
    } finally {
      clearTimeout(limit)
      closing.signal.removeEventListener('abort', leave)
    }
  }

  const look = async (): Promise<void> => {
    try {
      positions = await asked((ending) => readPositions(store.query, ending))
      if (away) logger.info({}, 'what has landed can be asked again')
      away = false
    } catch (error) {
      if (closing.signal.aborted) return
      const reason = error instanceof Error ? error.message : String(error)
      if (!away) logger.warn({ error: reason }, 'what has landed could not be asked')
      away = true
    }
    if (positions === null) return
    let oldest = Infinity
    for (const { topic, partition, earliest, next } of await log.ranges(topics)) {
      const name = partitionName(topic, partition)
      const from = Math.max(earliest, positions.get(name) ?? earliest)
      if (from >= next) continue
      const known = firstTimes.get(name)
      const atMs = known?.from === from ? known.atMs : await firstTime(topic, partition, from, next)
      // While there is none, the next look may find one.
      if (atMs !== Infinity) firstTimes.set(name, { from, atMs })
      oldest = Math.min(oldest, atMs)
    }
    oldestMs = oldest
    logProblem = null
  }

  let looking: Promise<void> = Promise.resolve()
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => {
      looking = look()
        // The log is away, or retention took what was about to be read: the next look tells.
        .catch((error: unknown) => {
          const problem = String(error)
          if (problem !== logProblem) logger.warn({ error: problem }, 'how far history is behind could not be looked up in the log')
          logProblem = problem
        })
        .finally(() => {
          if (!closing.signal.aborted) schedule(lookMs)
        })
    }, delayMs)
  }
  schedule(0)

  return {
    behindMs() {
      const sinceMs = positions === null && away ? startedAtMs : oldestMs
      const ms = clock.now() - sinceMs
      return ms > toleratedMs ? ms : null
    },
    async close() {
      closing.abort()
      if (timer !== null) clearTimeout(timer)
      await looking
    },
  }
}
