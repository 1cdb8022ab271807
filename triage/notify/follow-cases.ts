import type { Alert } from '../../contracts/alert.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { PagingFold } from './fold.ts'
import type { Entry, Journal, PagingBody } from './journal.ts'
import type { PagedDesk } from './paged-desk.ts'
import type { PagingSettings } from './paging-settings.ts'
import { type Change, followUpsDue, pagesDue, type PagingView, type PlannedPage, unwantedBecause } from './wanted.ts'

export interface FollowCases {
  /** Weighs what has come. */
  run(): Promise<void>
  /** What has to be recorded about an alert now: pages that are not wanted any more, and what follows an acknowledgement or a close. */
  reconcile(alert: string): readonly PagingBody[]
  /** Forgets closed alerts whose pages are settled. */
  settle(): Promise<void>
  stats(): Readonly<Record<string, number>>
  close(): void
}

interface FollowOptions {
  readonly desk: PagedDesk
  readonly fold: PagingFold
  readonly journal: Journal
  readonly view: () => PagingView
  readonly settings: PagingSettings
  /** Pages that are being sent right now: they are not taken back. */
  readonly inFlight: ReadonlySet<string>
  /** Something has come to be weighed. */
  readonly wake: () => void
}

/** What makes the rules be asked again: the alert has something new to say, or needs somebody again. */
const weighing: ReadonlySet<CaseEvent['type']> = new Set(['finding.folded', 'alert.raised', 'alert.woken', 'alert.undone'])

/** An alert of a batch of case events; the rules are not asked where `atMs` is null. */
type Noted = Omit<Change, 'atMs'> & { readonly atMs: number | null }
const untold: Noted = { atMs: null, worse: false, anew: false }

/** Turns case events into pages. What is due follows from the events and the rules alone, so a crash before it was queued loses nothing. */
export const followCases = ({ desk, fold, journal, view, settings, inFlight, wake }: FollowOptions): FollowCases => {
  let queue: CaseEvent[] = []
  /** Read from triage what came since `journal.weighed`: at the start, and when the queue ran over. */
  let behind = true
  let overflows = 0
  const stop = desk.onEvent((event) => {
    if (queue.length >= settings.caseEventsQueuedMax) {
      queue = []
      behind = true
      overflows++
    }
    if (!behind) queue.push(event)
    wake()
  })

  const queued = (page: PlannedPage): PagingBody => {
    const { id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged } = page
    return { type: 'page.queued', page: id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged }
  }
  /** The first ones there is room for; the others are recorded as dropped, so that people see it. */
  const withRoom = (pages: readonly PlannedPage[], taken: number): PagingBody[] => {
    const room = Math.max(0, settings.pagesWaitingMax - fold.waitingCount() - taken)
    return pages.flatMap((page, i): PagingBody[] =>
      i < room
        ? [queued(page)]
        : [queued(page), { type: 'page.dropped', page: page.id, reason: `more than ${settings.pagesWaitingMax} pages wait` }],
    )
  }

  const unwanted = (id: string, here: PagingView): PagingBody[] => {
    const alert = desk.alert(id)
    return fold.pagesOf(id).flatMap((record): PagingBody[] => {
      if (record.state !== 'waiting' || inFlight.has(record.id)) return []
      const reason = unwantedBecause(here, record, alert)
      return reason === null ? [] : [{ type: 'page.dropped', page: record.id, reason }]
    })
  }
  const reconcile = (id: string, taken = 0, here = view()): PagingBody[] => {
    const alert = desk.alert(id)
    return [...unwanted(id, here), ...(alert === undefined ? [] : withRoom(followUpsDue(here, alert, settings.followUpDelayMs), taken))]
  }

  const weigh = (changes: ReadonlyMap<string, Noted>): PagingBody[] => {
    const here = view()
    const bodies: PagingBody[] = []
    let taken = 0
    const add = (more: readonly PagingBody[]) => {
      bodies.push(...more)
      for (const { type } of more) taken += type === 'page.queued' ? 1 : type === 'page.dropped' ? -1 : 0
    }
    for (const [id, { atMs, worse, anew }] of changes) {
      const alert = desk.alert(id)
      if (alert !== undefined && atMs !== null) add(withRoom(pagesDue(here, alert, { atMs, worse, anew }), taken))
      if (fold.pagesOf(id).length > 0) add(reconcile(id, taken, here))
    }
    return bodies
  }

  const changesOf = (events: readonly CaseEvent[]): Map<string, Noted> => {
    const changes = new Map<string, Noted>()
    const note = (id: string, atMs: number | null, now: Partial<Noted> = {}) => {
      const before = changes.get(id) ?? untold
      const { worse = false, anew = false } = now
      changes.set(id, { atMs: before.atMs ?? atMs, worse: before.worse || worse, anew: before.anew || anew })
    }
    for (const event of events) {
      if (event.type === 'suppression.added') for (const id of fold.alerts()) note(id, null)
      else if (event.type === 'suppression.ended') for (const id of fold.alerts()) note(id, event.recordedAt)
      else if (event.type !== 'finding.suppressed') {
        const worse = (event.type === 'finding.folded' || event.type === 'alert.raised') && !event.opened && event.due !== undefined
        const anew = event.type === 'alert.woken' && event.because === 'worse'
        note(event.alert, weighing.has(event.type) ? event.recordedAt : null, { worse, anew })
      }
    }
    return changes
  }

  /** Alerts that wait for triage and changed since; for when triage does not hold the events any more. */
  const openChanges = (nowMs: number): Map<string, Noted> => {
    const changes = new Map<string, Noted>()
    for (const alert of openAlerts(desk, nowMs))
      if (alert.sequence > journal.weighed)
        changes.set(alert.id, { ...untold, atMs: alert.openedAt >= fold.lastAt ? alert.openedAt : nowMs })
    return changes
  }

  const catchUp = (): Entry => {
    const first = journal.weighed
    behind = false
    queue = []
    const events = desk.eventsSince(first)
    const changes = events === null ? openChanges(view().nowMs) : changesOf(events)
    // Whatever was done to alerts that were paged, while nobody looked.
    for (const id of fold.alerts()) if (!changes.has(id)) changes.set(id, untold)
    const last = events === null ? durableEnd(desk, first) : (events.at(-1)?.sequence ?? first)
    return { bodies: weigh(changes), caseSequence: Math.max(first, last) }
  }

  const weighQueue = (): Entry => {
    const events = queue.filter(({ sequence }) => sequence > journal.weighed)
    queue = []
    const last = events.at(-1)
    return last === undefined ? { bodies: [] } : { bodies: weigh(changesOf(events)), caseSequence: last.sequence }
  }

  return {
    async run() {
      for (;;) {
        if (!behind && queue.length === 0) return
        await journal.write(() => (behind ? catchUp() : weighQueue()))
      }
    },
    reconcile,
    async settle() {
      await journal.write(() => {
        const { nowMs } = view()
        const bodies = [...fold.alerts()].flatMap((id): PagingBody[] => {
          const alert = desk.alert(id)
          const closedFor =
            alert === undefined ? Number.POSITIVE_INFINITY : alert.state === 'closed' ? nowMs - (alert.closedAt ?? nowMs) : 0
          // Twice as long as it takes until nobody can undo the close.
          if (closedFor <= settings.followUpDelayMs * 2) return []
          return fold.pagesOf(id).some(({ state }) => state === 'waiting') ? [] : [{ type: 'alert.settled', alert: id }]
        })
        return { bodies }
      })
    },
    stats: () => ({ caseEventsQueued: queue.length, caseEventOverflows: overflows }),
    close: () => stop(),
  }
}

const openAlerts = function* (desk: PagedDesk, nowMs: number): Generator<Alert> {
  for (let cursor: string | undefined; ;) {
    const page = desk.list({ tab: 'triage', sort: 'newest', limit: 500, ...(cursor === undefined ? {} : { cursor }) }, null, nowMs)
    yield* page.items
    if (page.next === null) return
    cursor = page.next
  }
}

/** The newest sequence that surely is on disk: triage itself may be ahead of that. Only of what is durable events are told. */
const durableEnd = (desk: PagedDesk, otherwise: number): number => {
  for (let back = 0; back <= desk.sequence - otherwise; back = back * 2 + 1) {
    const from = desk.sequence - back
    const events = desk.eventsSince(from)
    if (events !== null) return events.at(-1)?.sequence ?? from
  }
  return otherwise
}
