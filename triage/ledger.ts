import type { Alert } from '../contracts/alert.ts'
import type { CaseEvent } from '../contracts/case-event.ts'
import { type AppendRecord, type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import type { Logger } from '../contracts/logger.ts'
import { type Draft, sealLink } from './chain.ts'
import type { Applied, CaseFold } from './group/fold.ts'

/** An append takes what waits, whole recordings, until it holds this many events. */
const appendEventsMax = 5_000

/** An event in the chain, with the alert as it is after it; null for a suppression's. */
export interface Recorded {
  readonly event: CaseEvent
  readonly alert: Alert | null
}

export interface Recording {
  readonly recorded: readonly Recorded[]
  /** Resolves when all of it is on disk; rejects when the chain can't be written any more. */
  readonly durable: Promise<void>
}

/** The one writer of `cases.v1`. */
export interface Ledger {
  /**
   * Gives the events their places in the chain, in the order of the calls, and applies them at once: what is recorded next builds on them.
   * Told to others only when they are durable. The events of one call are in one append.
   */
  record(drafts: readonly Draft[]): Recording
  /** Resolves when everything that was recorded until now is durable. */
  settled(): Promise<void>
  /** Why nothing can be written at the moment; null when it can. */
  readonly outage: Error | null
  /** Rejects when writing had to stop because of a bug. */
  readonly failed: Promise<never>
  readonly waiting: number
  readonly appends: number
  /** Writes what waits, if the log lets it, and stops. */
  close(): Promise<void>
}

export interface LedgerOptions {
  readonly log: EventLog
  readonly fold: CaseFold
  readonly logger: Logger
  /** Pause before an append is tried again when the log is away, ms. */
  readonly retryMs: number
  /** Why nothing may be recorded by this process (yet), or null. */
  readonly barred: () => Error | null
  /** At once, before it is durable. */
  readonly onApplied: (event: CaseEvent, applied: Applied) => void
  /** In the chain's order. */
  readonly onDurable: (recorded: Recorded) => void
}

interface Waiting {
  readonly recorded: readonly Recorded[]
  readonly settle: (error: Error | null) => void
}

/** Everything that waits goes in one append: while one is on its way to the disk, the next gathers. */
export const createLedger = ({ log, fold, logger, retryMs, barred, onApplied, onDurable }: LedgerOptions): Ledger => {
  const stopping = new AbortController()
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  let waiting: Waiting[] = []
  let writing: Promise<void> = Promise.resolve()
  let isWriting = false
  let last: Promise<void> = Promise.resolve()
  let outage: Error | null = null
  let broken: Error | null = null
  let waitingEvents = 0
  let appends = 0

  /** Appends however long the log is away; gives up only when the ledger is closed, or another desk leads. */
  const append = async (records: readonly AppendRecord[]): Promise<void> => {
    let told: string | null = null
    for (;;) {
      try {
        await log.append('cases.v1', records)
        outage = null
        appends++
        return
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error
        outage = error
        // Who lost the lead does not get it back in this process: asked twice a second it would only fill the log until the process ends.
        if (stopping.signal.aborted || error.reason === 'not-leading') throw error
        if (error.reason !== told)
          logger.warn({ reason: error.reason, problem: error.message }, 'cases.v1 can not be written; trying again')
        told = error.reason
        await pause(retryMs, stopping.signal)
      }
    }
  }

  const takeSome = (): Waiting[] => {
    let events = 0
    let taken = 0
    while (taken < waiting.length && (taken === 0 || events < appendEventsMax)) events += waiting[taken++]!.recorded.length
    return waiting.splice(0, taken)
  }

  const writeAll = async (): Promise<void> => {
    // What is recorded in the same turn is written with it.
    await Promise.resolve()
    while (waiting.length > 0) {
      const some = takeSome()
      const recorded = some.flatMap((one) => one.recorded)
      try {
        await append(
          recorded.map(({ event }) => ({
            key: 'alert' in event ? event.alert : event.suppression,
            value: Buffer.from(JSON.stringify(event)),
          })),
        )
      } catch (error) {
        // The state is ahead of the chain for good: nothing may be built on it.
        broken = error instanceof Error ? error : new Error(String(error))
        for (const { settle } of [...some, ...waiting]) settle(broken)
        waiting = []
        if (!stopping.signal.aborted) failure.reject(broken)
        break
      }
      waitingEvents -= recorded.length
      for (const { recorded: own, settle } of some) {
        for (const one of own) onDurable(one)
        settle(null)
      }
    }
    isWriting = false
  }

  /** Nothing is applied before all are sealed: a draft that is no case event must not leave a gap. */
  const seal = (drafts: readonly Draft[]): CaseEvent[] => {
    let { sequence, lastHash } = fold
    return drafts.map((draft) => {
      const event = sealLink({ ...draft, sequence: ++sequence, previous: lastHash })
      lastHash = event.hash
      return event
    })
  }

  return {
    record(drafts) {
      const bar = broken ?? barred()
      if (bar !== null) throw bar
      if (stopping.signal.aborted) throw new LogUnavailable('closed', 'triage is closed')
      const recorded = seal(drafts).map((event): Recorded => {
        const applied = fold.apply(event)
        onApplied(event, applied)
        return { event, alert: applied.alert }
      })
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      // Who does not wait for it must not crash the process.
      promise.catch(() => {})
      waiting.push({ recorded, settle: (error) => (error === null ? resolve() : reject(error)) })
      waitingEvents += recorded.length
      last = promise
      if (!isWriting) {
        isWriting = true
        writing = writeAll()
      }
      return { recorded, durable: promise }
    },
    settled: () => last,
    get outage() {
      return broken ?? barred() ?? outage
    },
    failed: failure.promise,
    get waiting() {
      return waitingEvents
    },
    get appends() {
      return appends
    },
    async close() {
      stopping.abort()
      await writing
    },
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
