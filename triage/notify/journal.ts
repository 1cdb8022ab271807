import type { Clock } from '../../contracts/clock.ts'
import { type EventLog, type LogRecord, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type PagingEvent, pagingEvent } from '../../contracts/paging-event.ts'
import type { TopicFold } from '../../contracts/topic-fold.ts'
import type { PagingFold } from './fold.ts'
import type { Timers } from './timers.ts'

type Body<Event> = Event extends PagingEvent ? Omit<Event, 'at' | 'caseSequence'> : never
/** An event before it is recorded. */
export type PagingBody = Body<PagingEvent>

/** What to record; `caseSequence` when with it the case events up to there are weighed. */
export interface Entry {
  readonly bodies: readonly PagingBody[]
  readonly caseSequence?: number
}

export interface Journal {
  /**
   * Records and applies what `decide` says, one after the other: `decide` sees the state with everything before it applied. Resolves when it is
   * durable, however long the log is away. Rejects with `LogUnavailable` only when paging is closed, with anything else on a bug.
   */
  write(decide: () => Entry): Promise<void>
  /** Case events up to this sequence were weighed, recorded or not. */
  readonly weighed: number
  /** Of the topic as another writes it. */
  readonly following: TopicFold
}

export interface JournalOptions {
  readonly log: EventLog
  readonly fold: PagingFold
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  /** Pause before an append is tried again when the log is away, ms. */
  readonly logRetryMs: number
  readonly closing: AbortSignal
  /** Why nothing may be recorded by this process (yet), or null. */
  readonly barred: () => Error | null
  /** Told of each event once it is applied; not of those that are read at the start. */
  readonly onRecorded: (event: PagingEvent) => void
}

const topic = 'paging.v1'

/** Takes up where the log ends. */
export const openJournal = async ({
  log,
  fold,
  clock,
  timers,
  logger,
  logRetryMs,
  closing,
  barred,
  onRecorded,
}: JournalOptions): Promise<Journal> => {
  const [range] = await log.ranges([topic])
  if (range !== undefined && range.next > range.earliest)
    for await (const batch of log.read(topic, 0, range.earliest, range.next))
      for (const record of batch.records) fold.apply(eventOf(record))
  let weighed = fold.caseSequence
  let turn = Promise.resolve()

  const appendDurably = async (events: readonly PagingEvent[]): Promise<void> => {
    const records = events.map((event) => ({ key: 'paging', value: Buffer.from(JSON.stringify(event)), partition: 0 }))
    let told: string | null = null
    for (;;) {
      try {
        return await log.append(topic, records)
      } catch (error) {
        // Who lost the lead does not get it back in this process.
        if (!(error instanceof LogUnavailable) || closing.aborted || error.reason === 'not-leading') throw error
        if (error.reason !== told)
          logger.warn({ reason: error.reason, problem: error.message }, 'paging.v1 can not be written; trying again')
        told = error.reason
        await pause(timers, logRetryMs, closing)
      }
    }
  }

  const writeNow = async (decide: () => Entry): Promise<void> => {
    const bar = barred()
    if (bar !== null) throw bar
    const { bodies, caseSequence = weighed } = decide()
    // The last of them alone moves the mark: if a crash leaves only the first, the rest is weighed again.
    const events = bodies.map((body, i) => ({ ...body, at: clock.now(), caseSequence: i === bodies.length - 1 ? caseSequence : weighed }))
    if (events.length > 0) await appendDurably(events)
    for (const event of events) {
      fold.apply(event)
      onRecorded(event)
    }
    weighed = caseSequence
  }

  return {
    write(decide) {
      const mine = turn.then(() => writeNow(decide))
      turn = mine.catch(() => {})
      return mine
    },
    get weighed() {
      return weighed
    },
    following: {
      topic,
      from: range?.next ?? 'earliest',
      take(record) {
        fold.apply(eventOf(record))
        weighed = fold.caseSequence
      },
    },
  }
}

const eventOf = ({ value }: LogRecord): PagingEvent => pagingEvent.parse(JSON.parse(Buffer.from(value).toString('utf8')))

const pause = (timers: Timers, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const cancel = timers.after(ms, () => (signal.removeEventListener('abort', stop), resolve()))
    const stop = () => (cancel(), resolve())
    signal.addEventListener('abort', stop, { once: true })
  })
