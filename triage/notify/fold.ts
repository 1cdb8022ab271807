import type { NotifierSettings, Page, PagingRule } from '../../contracts/api/paging.ts'
import type { Severity } from '../../contracts/finding.ts'
import type { PagingEvent } from '../../contracts/paging-event.ts'

/** Finished pages that are remembered for people to see, beside those of open alerts that tell a repeat. */
export const finishedKept = 200

export interface PageRecord extends Page {
  readonly severity: Severity
  /** Not sent before, ms. */
  readonly dueAt: number
  readonly acknowledged: boolean
  /** Counts queued pages: the order within a channel. */
  readonly order: number
}

export interface Channel {
  readonly id: string
  readonly title: string
  readonly enabled: boolean
  readonly settings: NotifierSettings
  readonly health: 'unknown' | 'alive' | 'failing' | 'dead'
  readonly lastSentAt: number | null
  readonly lastProblem: string | null
  /** Attempts that failed since the last that did not, and when the first of them was, ms. */
  readonly failures: number
  readonly failingSince: number | null
  /** It rests until then, ms. */
  readonly restsUntil: number
  /** The open alert that says it is dead. */
  readonly deadAlert: string | null
  /** Counts the changes of all channels: one that is taken out and made anew is another. */
  readonly version: number
  readonly changedBy: string
}

export interface PagingFold {
  apply(event: PagingEvent): void
  channel(id: string): Channel | undefined
  channels(): readonly Channel[]
  rules(): readonly PagingRule[]
  page(id: string): PageRecord | undefined
  /** What waits for a channel. */
  waitingOf(notifier: string): Iterable<PageRecord>
  waitingCount(notifier?: string): number
  /** Alerts whose pages are remembered to tell a repeat. */
  alerts(): Iterable<string>
  pagesOf(alert: string): readonly PageRecord[]
  /** Newest first, at most `finishedKept`. */
  newestPages(): readonly Page[]
  /** Case events up to this sequence were weighed; 0 before the first. */
  readonly caseSequence: number
  /** When the last event was recorded, ms. */
  readonly lastAt: number
}

/** The state of paging: what its events come to. Memory is bounded by the open alerts that were paged, `finishedKept`, and what waits. */
export const createPagingFold = (): PagingFold => {
  const channels = new Map<string, Channel>()
  const pages = new Map<string, PageRecord>()
  const waiting = new Map<string, Map<string, PageRecord>>()
  const idsByAlert = new Map<string, Set<string>>()
  /** Ids of finished pages, oldest first. */
  let finished: string[] = []
  let rules: readonly PagingRule[] = []
  let waitingPages = 0
  let order = 0
  let notifierChanges = 0
  let caseSequence = 0
  let lastAt = 0

  const setChannel = (id: string, change: Partial<Channel>): void => {
    const before = channels.get(id)
    if (before !== undefined) channels.set(id, { ...before, ...change })
  }
  const setPage = (record: PageRecord): void => {
    const before = pages.get(record.id)
    if (before?.state === 'waiting') waitingPages -= waiting.get(before.notifier)?.delete(before.id) === true ? 1 : 0
    pages.set(record.id, record)
    if (record.state === 'waiting') {
      const here = waiting.get(record.notifier) ?? new Map<string, PageRecord>()
      waiting.set(record.notifier, here.set(record.id, record))
      waitingPages++
    }
  }
  const finish = (record: PageRecord): void => {
    setPage({ ...record, nextTryAt: null })
    finished = finished.filter((id) => id !== record.id)
    finished.push(record.id)
    if (finished.length > finishedKept) forget(finished.shift()!)
  }
  const forget = (id: string): void => {
    const record = pages.get(id)
    if (record !== undefined && !idsByAlert.has(record.alert)) pages.delete(id)
  }
  /** What waits for a channel need not wait for the next try. */
  const dueAgain = (notifier: string): void => {
    // A copy: setting a page again moves it to the end.
    for (const record of Array.from(waiting.get(notifier)?.values() ?? [])) setPage({ ...record, nextTryAt: record.dueAt })
  }
  const alive = { health: 'alive', failures: 0, failingSince: null, restsUntil: 0, deadAlert: null } as const

  const queue = (event: Extract<PagingEvent, { type: 'page.queued' }>): void => {
    const { page: id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged, at } = event
    finished = finished.filter((one) => one !== id)
    idsByAlert.set(alert, (idsByAlert.get(alert) ?? new Set<string>()).add(id))
    const fresh = { state: 'waiting', attempts: 0, queuedAt: at, sentAt: null, nextTryAt: dueAt, problem: null } as const
    setPage({ id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged, order: order++, ...fresh })
  }
  const failed = ({ page, problem, final, nextTryAt, at }: Extract<PagingEvent, { type: 'page.attempt-failed' }>): void => {
    const record = pages.get(page)
    if (record === undefined) return
    const channel = channels.get(record.notifier)
    if (channel !== undefined)
      setChannel(channel.id, {
        health: channel.health === 'dead' ? 'dead' : 'failing',
        failures: channel.failures + 1,
        failingSince: channel.failingSince ?? at,
        restsUntil: nextTryAt,
        lastProblem: problem,
      })
    const attempts = record.attempts + 1
    if (final) finish({ ...record, state: 'failed', attempts, problem })
    else setPage({ ...record, attempts, problem, nextTryAt: Math.max(nextTryAt, record.dueAt) })
  }

  return {
    apply(event) {
      caseSequence = Math.max(caseSequence, event.caseSequence)
      lastAt = event.at
      switch (event.type) {
        case 'notifier.put': {
          const { notifier: id, title, enabled, settings, actor } = event
          const before = channels.get(id) ?? { lastSentAt: null, deadAlert: null }
          // New settings get a new chance at once.
          channels.set(id, {
            ...before,
            id,
            title,
            enabled,
            settings,
            ...alive,
            health: 'unknown',
            deadAlert: before.deadAlert,
            lastProblem: null,
            version: ++notifierChanges,
            changedBy: actor,
          })
          return dueAgain(id)
        }
        case 'notifier.deleted':
          channels.delete(event.notifier)
          return
        case 'notifier.tested':
          if (event.problem !== null) return setChannel(event.notifier, { lastProblem: event.problem })
          setChannel(event.notifier, { ...alive, lastSentAt: event.at, lastProblem: null })
          return dueAgain(event.notifier)
        case 'channel.dead':
          setChannel(event.notifier, { health: 'dead', deadAlert: event.alert })
          return
        case 'rules.put':
          rules = event.rules
          return
        case 'page.queued':
          return queue(event)
        case 'page.sent': {
          const record = pages.get(event.page)
          if (record === undefined) return
          setChannel(record.notifier, { ...alive, lastSentAt: event.at, lastProblem: event.warning })
          return finish({ ...record, state: 'sent', attempts: record.attempts + 1, sentAt: event.at, problem: event.warning })
        }
        case 'page.attempt-failed':
          return failed(event)
        case 'page.dropped': {
          const record = pages.get(event.page)
          if (record !== undefined) finish({ ...record, state: 'dropped', problem: event.reason })
          return
        }
        case 'alert.settled': {
          const ids = idsByAlert.get(event.alert) ?? []
          idsByAlert.delete(event.alert)
          for (const id of ids) if (pages.get(id)?.state !== 'waiting' && !finished.includes(id)) pages.delete(id)
        }
      }
    },
    channel: (id) => channels.get(id),
    channels: () => [...channels.values()],
    rules: () => rules,
    page: (id) => pages.get(id),
    waitingOf: (notifier) => waiting.get(notifier)?.values() ?? [],
    waitingCount: (notifier) => (notifier === undefined ? waitingPages : (waiting.get(notifier)?.size ?? 0)),
    alerts: () => idsByAlert.keys(),
    pagesOf: (alert) => [...(idsByAlert.get(alert) ?? [])].map((id) => pages.get(id)!),
    newestPages() {
      const all = [...finished.map((id) => pages.get(id)!), ...[...waiting.values()].flatMap((here) => [...here.values()])]
      return all
        .sort((a, b) => b.order - a.order)
        .slice(0, finishedKept)
        .map(({ severity: _severity, dueAt: _dueAt, acknowledged: _acknowledged, order: _order, ...page }) => page)
    },
    get caseSequence() {
      return caseSequence
    },
    get lastAt() {
      return lastAt
    },
  }
}
