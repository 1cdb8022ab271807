import type { Alert } from '../../contracts/alert.ts'
import { type CaseEvent, caseEvent } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import { type AppendRecord, type EventLog, type LogBatch, LogUnavailable } from '../../contracts/event-log.ts'
import { finding } from '../../contracts/finding.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type CaseFold, createCaseFold } from './fold.ts'

export interface Triage {
  readonly alerts: CaseFold
  /** Rejects when folding had to stop (a case event that can't be appended because of a bug, a broken chain). */
  readonly failed: Promise<void>
  /** Tells each case event once it is durable; answers a function that stops it. */
  onEvent(listener: (event: CaseEvent, alert: Alert) => void): () => void
  stats(): Readonly<Record<string, number>>
  close(): Promise<void>
}

export interface TriageOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly alertsMax?: number
  /** Pause before an append is tried again when the log is away, ms. */
  readonly retryMs?: number
}

/** Folds `findings.v1` into alerts, every step an event of the hash-chained `cases.v1`. One process leads at a time. */
export const startTriage = async ({ log, clock, logger, alertsMax, retryMs = 500 }: TriageOptions): Promise<Triage> => {
  const alerts = createCaseFold(alertsMax === undefined ? {} : { alertsMax })
  const listeners = new Set<(event: CaseEvent, alert: Alert) => void>()
  const stopping = new AbortController()
  let folded = 0
  let repeats = 0
  let unreadable = 0
  await restore(log, alerts)

  /** Appends in order, however long the log is away; gives up only when triage is closed. */
  const appendDurably = async (records: readonly AppendRecord[]): Promise<void> => {
    for (;;) {
      try {
        await log.append('cases.v1', records)
        return
      } catch (error) {
        if (!(error instanceof LogUnavailable) || stopping.signal.aborted) throw error
        logger.warn({ reason: error.reason }, 'cases.v1 can not be written; trying again')
        await pause(retryMs, stopping.signal)
      }
    }
  }

  const onBatch = async (batch: LogBatch): Promise<void> => {
    const events: CaseEvent[] = []
    for (const record of batch.records) {
      const parsed = finding.safeParse(JSON.parse(Buffer.from(record.value).toString('utf8')))
      if (!parsed.success) {
        unreadable++
        logger.error({ offset: record.offset, partition: batch.partition }, 'a record of findings.v1 is not a finding')
        continue
      }
      const event = alerts.fold(parsed.data, { topic: batch.topic, partition: batch.partition, offset: record.offset }, clock.now())
      if (event === null) {
        repeats++
        continue
      }
      // Applied before it is durable, because the next finding of the batch chains to it; told only after.
      alerts.apply(event)
      events.push(event)
    }
    if (events.length === 0) return
    await appendDurably(
      events.map((event) => ({ key: 'alert' in event ? event.alert : event.suppression, value: Buffer.from(JSON.stringify(event)) })),
    )
    folded += events.length
    for (const event of events) if ('alert' in event) for (const listener of listeners) listener(event, alerts.alert(event.alert)!)
  }

  // Partitions are handled one batch at a time in turn: the chain has one end.
  let turn = Promise.resolve()
  const consumer = await log.consume({
    topics: ['findings.v1'],
    group: 'triage',
    onAssigned: async (partitions) => partitions.map(({ partition }) => alerts.resumeAt(partition) ?? 'earliest'),
    onBatch: async (batch) => {
      const mine = turn.then(() => onBatch(batch))
      turn = mine.catch(() => {})
      await mine
    },
  })

  return {
    alerts,
    failed: consumer.failed,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stats: () => ({ folded, repeats, unreadable, sequence: alerts.sequence }),
    async close() {
      stopping.abort()
      await consumer.close()
    },
  }
}

/** The fold of the chain as it stands: what `wardwatch alerts` shows when the platform is not running. */
export const restore = async (log: EventLog, alerts: CaseFold): Promise<void> => {
  const [range] = await log.ranges(['cases.v1'])
  if (range === undefined || range.next === range.earliest) return
  for await (const batch of log.read('cases.v1', 0, range.earliest, range.next))
    for (const record of batch.records) alerts.apply(caseEvent.parse(JSON.parse(Buffer.from(record.value).toString('utf8'))))
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
