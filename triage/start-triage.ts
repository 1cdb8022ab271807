import type { Alert, AlertState } from '../contracts/alert.ts'
import type { CaseEvent } from '../contracts/case-event.ts'
import type { Clock } from '../contracts/clock.ts'
import { type EventLog, LogUnavailable } from '../contracts/event-log.ts'
import type { Logger } from '../contracts/logger.ts'
import type { TopicFold } from '../contracts/topic-fold.ts'
import type { CaseListener, TriageDesk } from '../contracts/triage-desk.ts'
import { createActing } from './assess/act.ts'
import { createDeadlines } from './clocks/deadlines.ts'
import { type ClockSettings, clockSettings } from './clocks/settings.ts'
import { startTimeKeeper } from './clocks/time-keeper.ts'
import type { DescribeDevice } from './describe.ts'
import { type Applied, type CaseFoldLimits, createCaseFold } from './group/fold.ts'
import { groupRaised } from './group/group-finding.ts'
import { type FindingTaker, noneTaken, takeFindings } from './group/take-findings.ts'
import { createLedger, type Recorded } from './ledger.ts'
import { createCounts } from './queue/counts.ts'
import { listAlerts } from './queue/list.ts'
import { createQueue } from './queue/queue.ts'
import { createRecentEvents } from './recent-events.ts'
import { nextEvent, restore } from './restore.ts'
import { createSuppressing } from './suppress/suppress.ts'

export interface Triage extends TriageDesk {
  /** Rejects when triage had to stop (an event that can't be appended because of a bug, a consumer that failed). */
  readonly failed: Promise<void>
  /** Alerts in memory, open and closed. */
  readonly size: number
  /** Newest change first; `states` undefined: all of them. */
  newest(limit: number, states?: readonly AlertState[]): readonly Alert[]
  close(): Promise<void>
}

export interface TriageOptions extends CaseFoldLimits {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  /** What the registry knows of a device: for suppressions by model, and for searches by ward and model. */
  readonly describe?: DescribeDevice
  readonly clocks?: ClockSettings
  /** Pause before an append is tried again when the log is away, ms. */
  readonly retryMs?: number
  /** How often it is looked whether a clock has run out, ms. */
  readonly lookMs?: number
}

/** Triage that only reads as long as another process leads. */
export interface FollowingTriage extends Triage {
  readonly following: TopicFold
  /** From here on this process writes the chain: everything that stands in it has been taken. */
  lead(): Promise<void>
}

/** The desk: findings become alerts, people act on them, time runs out on them, and each of it is an event of `cases.v1`. */
export const startTriage = async (options: TriageOptions): Promise<Triage> => {
  const triage = await openTriage(options)
  await triage.lead()
  return triage
}

const onlyReads = (): LogUnavailable => new LogUnavailable('not-leading', 'this desk only reads')

/** The same, as it stands in the log: it follows, until it is told to lead. Of several desks one leads. */
export const openTriage = async (options: TriageOptions): Promise<FollowingTriage> => {
  const { log, clock, logger, describe = () => null, clocks = clockSettings.parse(undefined), retryMs = 500, lookMs = 250 } = options
  const fold = createCaseFold(options)
  const counts = createCounts()
  const queue = createQueue(describe, counts.onRow)
  const deadlines = createDeadlines()
  const recent = createRecentEvents()
  const listeners = new Set<CaseListener>()
  const beganAt = performance.now()
  const countOpening = (event: CaseEvent): void => {
    if ('opened' in event && event.opened) counts.opened(event.recordedAt, event.severity)
  }

  const from = await restore(log, fold, (event) => {
    recent.push(event)
    countOpening(event)
  })
  for (const alert of fold.alerts()) {
    queue.changed(alert.id, alert)
    deadlines.changed(alert.id, alert)
  }
  logger.info({ events: fold.sequence, alerts: fold.size, tookMs: Math.round(performance.now() - beganAt) }, 'the alerts are restored')

  const changed = (id: string, alert: Alert | null): void => {
    queue.changed(id, alert)
    deadlines.changed(id, alert)
  }
  const onApplied = (event: CaseEvent, { alert, left }: Applied): void => {
    countOpening(event)
    if (alert !== null) changed(alert.id, alert)
    if (left !== null) changed(left, null)
  }
  const onDurable = ({ event, alert }: Recorded): void => {
    recent.push(event)
    for (const listener of listeners)
      try {
        listener(event, alert)
      } catch (error) {
        logger.error({ err: error, sequence: event.sequence }, 'a listener of triage failed')
      }
  }
  let leads = false
  const ledger = createLedger({ log, fold, logger, retryMs, barred: () => (leads ? null : onlyReads()), onApplied, onDurable })
  const time = startTimeKeeper({ fold, ledger, deadlines, clock, everyMs: lookMs })
  const grouping = { fold, clocks, describe }
  let taker: FindingTaker | null = null
  const failed = Promise.withResolvers<void>()
  failed.promise.catch(() => {})
  ledger.failed.catch(failed.reject)

  return {
    failed: failed.promise,
    following: {
      topic: 'cases.v1',
      from,
      take(record) {
        if (leads) throw new Error('who leads writes the chain, and reads it from nobody')
        const event = nextEvent(fold, record)
        const applied = fold.apply(event)
        onApplied(event, applied)
        onDurable({ event, alert: applied.alert })
      },
    },
    async lead() {
      leads = true
      time.look()
      taker = await takeFindings({ ...grouping, log, ledger, clock, logger, settleTime: time.settle })
      taker.consumer.failed.then(failed.resolve, failed.reject)
    },
    get size() {
      return fold.size
    },
    get sequence() {
      return fold.sequence
    },
    newest: fold.newest,
    alert: fold.alert,
    list: (query, asker, nowMs) => listAlerts(queue, query, asker, nowMs),
    counts: (asker, nowMs) => counts.read(queue, fold.suppressions, asker, nowMs),
    openOn: queue.openOn,
    onDevice: (device, limit) =>
      [...queue.onDevice(device)]
        .map((id) => fold.alert(id)!)
        .sort((a, b) => b.sequence - a.sequence)
        .slice(0, limit),
    ...createActing({ fold, ledger, clock, settleTime: time.settle }),
    async raise(raised) {
      const nowMs = clock.now()
      const current = fold.current(raised.detector, raised.device)
      if (current !== undefined) time.settle(current, nowMs)
      const { recorded, durable } = ledger.record(groupRaised(grouping, raised, nowMs).drafts)
      await durable
      return recorded.at(-1)!.alert!
    },
    ...createSuppressing({ fold, ledger, clock, endExpired: time.endExpired }),
    eventsSince: recent.since,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stats: () => ({
      ...(taker?.stats() ?? noneTaken),
      sequence: fold.sequence,
      alerts: fold.size,
      open: fold.open,
      breaches: time.breaches,
      suppressions: fold.suppressions.active,
      appends: ledger.appends,
      waiting: ledger.waiting,
    }),
    async close() {
      time.stop()
      await Promise.all([taker?.consumer.close(), ledger.close()])
      failed.resolve()
    },
  }
}
