import { type Clock, systemClock } from '../../contracts/clock.ts'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { PagingEvent } from '../../contracts/paging-event.ts'
import type { PagingDesk } from '../../contracts/paging-desk.ts'
import type { TopicFold } from '../../contracts/topic-fold.ts'
import { type ChannelLoop, createChannelLoop } from './channel-loop.ts'
import { editPaging } from './edit-paging.ts'
import { createPagingFold } from './fold.ts'
import { followCases } from './follow-cases.ts'
import { openJournal } from './journal.ts'
import { nextPage } from './next-page.ts'
import { createNotifiers } from './notifiers/all.ts'
import type { PagedDesk } from './paged-desk.ts'
import { pagingDefaults, type PagingSettings } from './paging-settings.ts'
import type { Notifiers } from './port.ts'
import { hourIn } from './rules.ts'
import { createPageSender, type SendParts } from './send-page.ts'
import { gathered, stormOf } from './storm.ts'
import { systemTimers, type Timers } from './timers.ts'
import type { PagingView } from './wanted.ts'

export interface Paging extends PagingDesk {
  /** Rejects when paging had to stop because of a bug; stays pending otherwise, resolves on close. */
  readonly failed: Promise<void>
  /** Starts nothing more, and waits for attempts under way for `closeGraceMs`. Idempotent. */
  close(): Promise<void>
}

export interface PagingOptions {
  readonly log: EventLog
  readonly desk: PagedDesk
  readonly logger: Logger
  readonly clock?: Clock
  /** 0..1 */
  readonly random?: () => number
  readonly timers?: Timers
  readonly settings?: Partial<PagingSettings>
  /** Of the rules' hours, as IANA names it; default: the system's. Throws RangeError when there is no such zone. */
  readonly timeZone?: string
  /** Where the console shows an alert, or with null all that wait for triage; null where nothing can be linked to. */
  readonly linkTo?: (alert: string | null) => string | null
  /** For suppressions by model. */
  readonly modelOf?: (device: string) => string | null
  /** Certificates (PEM) that mail servers may have besides those the system trusts. */
  readonly trustedCa?: string
  readonly notifiers?: Notifiers
  /** Resolves when it is certain that this process still leads: before anything is sent, which can't be taken back. */
  readonly sure?: () => Promise<void>
}

/** Paging that only reads as long as another process leads. */
export interface FollowingPaging extends Paging {
  readonly following: TopicFold
  /** From here on this process pages: everything that stands in the topic has been taken. */
  lead(): void
}

/** The pager: notifiers, rules and the durable outbox. */
export const startPaging = async (options: PagingOptions): Promise<Paging> => {
  const paging = await openPaging(options)
  paging.lead()
  return paging
}

/** The same, as it stands in the log: it follows, until it is told to lead. Of several desks one leads. */
export const openPaging = async (options: PagingOptions): Promise<FollowingPaging> => {
  const { log, desk, logger, clock = systemClock, random = Math.random, timers = systemTimers } = options
  const { linkTo = () => null, modelOf = () => null, sure = async () => {}, trustedCa } = options
  const settings = { ...pagingDefaults, ...options.settings }
  const timeZone = options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const hourAt = hourIn(timeZone)
  const notifiers =
    options.notifiers ?? createNotifiers({ clock, silenceMs: settings.sendTimeoutMs, ...(trustedCa === undefined ? {} : { trustedCa }) })
  /** No new attempts; then: end those under way. */
  const closing = new AbortController()
  let closed = false
  const failed = Promise.withResolvers<void>()
  failed.promise.catch(() => {})
  const onFailure = (error: unknown): void => {
    if (!(closed && error instanceof LogUnavailable)) failed.reject(error)
  }

  const fold = createPagingFold()
  /** Since the start. */
  const counts = { queued: 0, sent: 0, attemptsFailed: 0, failed: 0, dropped: 0, grouped: 0 }
  const onRecorded = (event: PagingEvent): void => {
    if (event.type === 'page.queued') counts.queued++
    else if (event.type === 'page.sent') counts.sent++
    else if (event.type === 'page.dropped') counts.dropped++
    else if (event.type === 'pages.gathered') counts.grouped += event.pages.length
    else if (event.type === 'page.attempt-failed') {
      counts.attemptsFailed++
      if (event.final) counts.failed++
    }
  }
  const { logRetryMs } = settings
  let leads = false
  const barred = (): Error | null => (leads ? null : new LogUnavailable('not-leading', 'this desk only reads'))
  const journal = await openJournal({ log, fold, clock, timers, logger, logRetryMs, closing: closing.signal, barred, onRecorded })
  const inFlight = new Set<string>()
  const view = (): PagingView => ({
    fold,
    suppressions: desk.suppressions(),
    nowMs: clock.now(),
    hourAt,
    modelOf,
    keepsState: (channel) => notifiers[channel.settings.kind].keepsState,
  })

  const loops = new Map<string, ChannelLoop>()
  const kickAll = (): void => {
    for (const { id } of fold.channels()) {
      const loop = loops.get(id) ?? newLoop(id)
      loops.set(id, loop)
      loop.kick()
    }
  }
  let following: Promise<void> | null = null
  let again = false
  const follow = (): void => {
    if (closed || !leads) return
    again = following !== null
    following ??= cases
      .run()
      .then(kickAll)
      .catch(onFailure)
      .finally(() => {
        following = null
        if (again) follow()
      })
  }
  const cases = followCases({ desk, fold, journal, view, settings, inFlight, wake: follow })
  const parts: SendParts = {
    desk,
    fold,
    journal,
    notifiers,
    settings,
    clock,
    timers,
    random,
    logger,
    view,
    linkTo,
    inFlight,
    reconcile: cases.reconcile,
    closing: closing.signal,
    sure,
  }
  const send = createPageSender(parts)
  const newLoop = (id: string): ChannelLoop =>
    createChannelLoop({
      next() {
        const channel = fold.channel(id)
        return channel === undefined
          ? null
          : nextPage(channel, fold.waitingOf(id), clock.now(), stormOf(fold.toldOf(id), fold.lastTogetherAt(id), settings))
      },
      async attempt({ record, together }) {
        if (together.length > 0) await journal.write(() => ({ bodies: gathered(view(), together, fold, (alert) => desk.alert(alert)) }))
        else await send(record)
        kickAll()
      },
      clock,
      timers,
      onFailure,
    })

  let cancelSettle = () => {}
  const settleLater = (): void => {
    cancelSettle = timers.after(settings.settleEveryMs, () => {
      if (!closed) cases.settle().catch(onFailure).finally(settleLater)
    })
  }

  return {
    following: journal.following,
    lead() {
      leads = true
      settleLater()
      follow()
    },
    ...editPaging({ ...parts, changed: kickAll }),
    timeZone,
    pages: () => fold.newestPages(),
    stats: () => ({
      notifiers: fold.channels().length,
      rules: fold.rules().length,
      waiting: fold.waitingCount(),
      failing: fold.channels().filter(({ health }) => health === 'failing').length,
      dead: fold.channels().filter(({ health }) => health === 'dead').length,
      ...counts,
      weighed: journal.weighed,
      ...cases.stats(),
    }),
    failed: failed.promise,
    async close() {
      if (closed) return
      closed = true
      cases.close()
      cancelSettle()
      const cancelGrace = timers.after(settings.closeGraceMs, () => closing.abort())
      await Promise.all([...loops.values()].map((loop) => loop.close()))
      cancelGrace()
      closing.abort()
      await following
      failed.resolve()
    },
  }
}
