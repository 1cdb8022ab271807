import type { NotifierSettings, Page, PagingRule } from '../../contracts/api/paging.ts'
import type { Severity } from '../../contracts/finding.ts'
import type { PagingEvent } from '../../contracts/paging-event.ts'

/** Finished pages that are remembered for people to see, beside those of open alerts that tell a repeat. */
export const finishedKept = 200
/** Of what a channel was told one by one, the newest that are remembered. Far more than its limit lets through in a window. */
const toldKept = 1_000

/** A channel was told of an alert by itself. */
export interface Told {
  readonly at: number
  readonly alert: string
  readonly severity: Severity
}

export interface PageRecord extends Page {
  readonly severity: Severity
  /** Not sent before, ms. */
  readonly dueAt: number
  readonly acknowledged: boolean
  /** Counts queued pages: the order within a channel. */
  readonly order: number
  /** Of kind `storm`: the pages that it stands for. */
  readonly gathered: readonly string[]
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
  /** What a channel was told one by one lately, oldest first. */
  toldOf(notifier: string): readonly Told[]
  /** When it was last told of several at once, ms. */
  lastTogetherAt(notifier: string): number | null
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
  const told = new Map<string, Told[]>()
  const togetherAt = new Map<string, number>()
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
  const remember = (alert: string, id: string): void => {
    finished = finished.filter((one) => one !== id)
    idsByAlert.set(alert, (idsByAlert.get(alert) ?? new Set<string>()).add(id))
  }
  /** Nobody was told of what a page for many stood for: the rules may ask for it again. */
  const scatter = ({ gathered }: PageRecord, problem: string): void => {
    for (const one of gathered) {
      const member = pages.get(one)
      if (member?.state === 'grouped') setPage({ ...member, state: 'dropped', problem })
    }
  }
  const dueAgain = (notifier: string): void => {
    // A copy: setting a page again moves it to the end.
    for (const record of Array.from(waiting.get(notifier)?.values() ?? [])) setPage({ ...record, nextTryAt: record.dueAt })
  }
  const fresh = (queuedAt: number, nextTryAt: number) =>
    ({ state: 'waiting', attempts: 0, queuedAt, sentAt: null, nextTryAt, problem: null }) as const
  const alive = { health: 'alive', failures: 0, failingSince: null, restsUntil: 0, deadAlert: null } as const

  const queue = (event: Extract<PagingEvent, { type: 'page.queued' }>): void => {
    const { page: id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged, at } = event
    remember(alert, id)
    // One that tells of many is queued again when its channel works again.
    const { alerts, gathered } = pages.get(id) ?? { alerts: 1, gathered: [] }
    setPage({ id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged, alerts, gathered, order: order++, ...fresh(at, dueAt) })
  }
  const gather = ({
    page: id,
    notifier,
    alert,
    severity,
    alerts,
    pages: gathered,
    dueAt,
    at,
  }: Extract<PagingEvent, { type: 'pages.gathered' }>): void => {
    const problem = `told with others by page ${id.slice(0, 8)}`
    for (const one of gathered) {
      const record = pages.get(one)
      if (record !== undefined) finish({ ...record, state: 'grouped', problem })
    }
    remember(alert, id)
    togetherAt.set(notifier, at)
    const about = { rule: null, step: 0, notifier, severity, dueAt, acknowledged: false, alerts, gathered } as const
    setPage({ id, kind: 'storm', alert, ...about, order: order++, ...fresh(at, at) })
  }
  const sent = ({ page, at, warning }: Extract<PagingEvent, { type: 'page.sent' }>): void => {
    const record = pages.get(page)
    if (record === undefined) return
    const { notifier, kind, alert, severity, attempts } = record
    setChannel(notifier, { ...alive, lastSentAt: at, lastProblem: warning })
    if (kind === 'page' && channels.has(notifier))
      told.set(notifier, [...(told.get(notifier) ?? []), { at, alert, severity }].slice(-toldKept))
    finish({ ...record, state: 'sent', attempts: attempts + 1, sentAt: at, problem: warning })
  }
  const dropped = ({ page, reason }: Extract<PagingEvent, { type: 'page.dropped' }>): void => {
    const record = pages.get(page)
    if (record === undefined) return
    finish({ ...record, state: 'dropped', problem: reason })
    scatter(record, reason)
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
          told.delete(event.notifier)
          togetherAt.delete(event.notifier)
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
        case 'page.sent':
          return sent(event)
        case 'pages.gathered':
          return gather(event)
        case 'page.attempt-failed':
          return failed(event)
        case 'page.dropped':
          return dropped(event)
        case 'alert.settled': {
          const ids = idsByAlert.get(event.alert) ?? []
          idsByAlert.delete(event.alert)
          for (const id of ids) {
            const record = pages.get(id)
            // With its alert it is forgotten that it could be sent again.
            if (record?.state === 'failed') scatter(record, record.problem ?? 'the page that told of it failed')
            if (record?.state !== 'waiting' && !finished.includes(id)) pages.delete(id)
          }
        }
      }
    },
    channel: (id) => channels.get(id),
    channels: () => [...channels.values()],
    rules: () => rules,
    page: (id) => pages.get(id),
    waitingOf: (notifier) => waiting.get(notifier)?.values() ?? [],
    waitingCount: (notifier) => (notifier === undefined ? waitingPages : (waiting.get(notifier)?.size ?? 0)),
    toldOf: (notifier) => told.get(notifier) ?? [],
    lastTogetherAt: (notifier) => togetherAt.get(notifier) ?? null,
    alerts: () => idsByAlert.keys(),
    pagesOf: (alert) => [...(idsByAlert.get(alert) ?? [])].map((id) => pages.get(id)!),
    newestPages() {
      const all = [...finished.map((id) => pages.get(id)!), ...[...waiting.values()].flatMap((here) => [...here.values()])]
      return all
        .sort((a, b) => b.order - a.order)
        .slice(0, finishedKept)
        .map(({ severity: _severity, dueAt: _dueAt, acknowledged: _acknowledged, order: _order, gathered: _gathered, ...page }) => page)
    },
    get caseSequence() {
      return caseSequence
    },
    get lastAt() {
      return lastAt
    },
  }
}
