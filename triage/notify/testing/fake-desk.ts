import type { Alert } from '../../../contracts/alert.ts'
import { type CaseEvent, platformActor } from '../../../contracts/case-event.ts'
import type { Clock } from '../../../contracts/clock.ts'
import type { Severity } from '../../../contracts/finding.ts'
import type { Suppression } from '../../../contracts/suppression.ts'
import type { ActionOutcome, CaseListener } from '../../../contracts/triage-desk.ts'
import type { PagedDesk } from '../paged-desk.ts'

type Unchained<Event> = Event extends CaseEvent ? Omit<Event, 'sequence' | 'previous' | 'hash' | 'recordedAt' | 'actor'> : never

export interface FakeDesk extends PagedDesk {
  readonly raised: readonly Alert[]
  readonly notes: readonly string[]
  /** A finding: opens the alert of that id, or folds into it. */
  find(id: string, over?: Partial<Pick<Alert, 'severity' | 'site' | 'device' | 'detector' | 'title' | 'why' | 'evidence'>>): void
  acknowledge(id: string): void
  close(id: string): void
  snooze(id: string): void
  wake(id: string): void
  /** Takes an acknowledgement, a close or a snooze back. */
  undo(id: string): void
  suppress(detector: string, scope: Suppression['scope']): string
  unsuppress(id: string): void
  /** Only the newest events are held from now on. */
  holdEvents(count: number): void
  /** Nobody is told of what happens: as if the process died between the case event and the page. */
  deafen(deaf: boolean): void
}

const rank: readonly Severity[] = ['low', 'medium', 'high', 'critical']

/** Triage as paging sees it, in memory: it outlives a pager that is stopped and started again on it. */
export const createFakeDesk = (clock: Clock): FakeDesk => {
  const alerts = new Map<string, Alert>()
  const events: CaseEvent[] = []
  const listeners = new Set<CaseListener>()
  const suppressions: Suppression[] = []
  const raised: Alert[] = []
  const notes: string[] = []
  let sequence = 0
  let held = 10_000
  let deaf = false

  const tell = (body: Unchained<CaseEvent>, change: Partial<Alert> = {}, actor = 'ana'): CaseEvent => {
    sequence++
    const at = clock.now()
    const event: CaseEvent = { ...body, sequence, previous: '', hash: '', recordedAt: at, actor }
    events.push(event)
    const id = 'alert' in event ? event.alert : null
    if (id !== null) {
      const moved =
        event.type === 'finding.folded' && !event.opened ? {} : { version: sequence, lastChange: { type: event.type, actor, at } }
      alerts.set(id, { ...alerts.get(id)!, ...change, ...moved, sequence })
    }
    if (!deaf) for (const listener of listeners) listener(event, id === null ? null : alerts.get(id)!)
    return event
  }
  const blank = (id: string): Alert => ({
    id,
    detector: 'replay',
    title: 'Replay',
    device: `${id}-device`,
    site: 'north',
    severity: 'critical',
    score: 0.9,
    count: 0,
    firstSeen: clock.now(),
    lastSeen: clock.now(),
    why: 'a reading came twice',
    evidence: [],
    attack: ['T0856'],
    controls: [],
    state: 'new',
    owner: null,
    openedAt: clock.now(),
    acknowledgedAt: null,
    acknowledgedBy: null,
    containedAt: null,
    snoozedUntil: null,
    closedAt: null,
    closedBy: null,
    verdict: null,
    reason: null,
    notes: 0,
    due: { acknowledgeBy: null, containBy: null },
    breached: { acknowledge: null, contain: null },
    previous: null,
    sequence: 0,
    version: 0,
    lastChange: { type: '', actor: '', at: 0 },
  })
  const reopened = {
    state: 'new',
    acknowledgedAt: null,
    acknowledgedBy: null,
    snoozedUntil: null,
    closedAt: null,
    closedBy: null,
    verdict: null,
    reason: null,
  } as const
  const find: FakeDesk['find'] = (id, over = {}) => {
    const before = alerts.get(id)
    const alert = { ...(before ?? blank(id)), ...over }
    const worse = before !== undefined && rank.indexOf(alert.severity) > rank.indexOf(before.severity)
    const severity = before !== undefined && !worse ? before.severity : alert.severity
    if (worse && before.state === 'snoozed') tell({ type: 'alert.woken', alert: id, because: 'worse' }, { ...reopened }, platformActor)
    const position = { topic: 'findings.v1', partition: 0, offset: sequence }
    alerts.set(id, { ...alerts.get(id), ...alert, ...(worse && before.state === 'snoozed' ? reopened : {}) })
    const { detector, title, device, site, score, why, evidence } = alert
    tell(
      {
        type: 'finding.folded',
        alert: id,
        opened: before === undefined,
        finding: `f${sequence}`,
        detector,
        title,
        device,
        site,
        severity: over.severity ?? alert.severity,
        score,
        why,
        evidence,
        at: clock.now(),
        position,
        index: 0,
        findingPosition: position,
        ...(before === undefined || worse ? { due: alert.due } : {}),
      },
      { severity, count: alert.count + 1, lastSeen: clock.now() },
      platformActor,
    )
  }

  return {
    get sequence() {
      return sequence
    },
    raised,
    notes,
    alert: (id) => alerts.get(id),
    list(query) {
      const all = [...alerts.values()].filter(({ state }) => state === 'new' || state === 'acknowledged')
      const from = Number(query.cursor ?? 0)
      const items = all.slice(from, from + query.limit)
      return { items, total: all.length, next: from + query.limit < all.length ? String(from + query.limit) : null }
    },
    async act(id, _version, actor, action): Promise<ActionOutcome> {
      const alert = alerts.get(id)
      if (alert === undefined || action.type !== 'note') return { ok: false, reason: 'no-alert' }
      notes.push(`${actor} on ${alert.device}: ${action.note}`)
      const event = tell({ type: 'alert.noted', alert: id, note: action.note }, { notes: alert.notes + 1 }, actor)
      return { ok: true, alert: alerts.get(id)!, event }
    },
    async raise({ detector, title, device, site, severity, score, why, evidence }) {
      const open = [...alerts.values()].find((one) => one.detector === detector && one.device === device && one.state !== 'closed')
      const id = open?.id ?? `raised-${raised.length + 1}`
      if (open === undefined) alerts.set(id, { ...blank(id), detector, title, device, site, severity, score, why, evidence: [...evidence] })
      tell(
        {
          type: 'alert.raised',
          alert: id,
          opened: open === undefined,
          detector,
          title,
          device,
          site,
          severity,
          score,
          why,
          at: clock.now(),
          evidence: [...evidence],
        },
        { count: (open?.count ?? 0) + 1 },
        platformActor,
      )
      raised.push(alerts.get(id)!)
      return alerts.get(id)!
    },
    suppressions: () => suppressions,
    eventsSince: (since) => (since < sequence - held ? null : events.filter((event) => event.sequence > since)),
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    find,
    acknowledge: (id) =>
      void tell({ type: 'alert.acknowledged', alert: id }, { state: 'acknowledged', acknowledgedAt: clock.now(), acknowledgedBy: 'ana' }),
    close: (id) =>
      void tell(
        { type: 'alert.closed', alert: id, verdict: 'benign-positive', reason: 'seen' },
        { state: 'closed', closedAt: clock.now(), closedBy: 'ana', verdict: 'benign-positive', reason: 'seen' },
      ),
    snooze: (id) =>
      void tell(
        { type: 'alert.snoozed', alert: id, until: clock.now() + 3_600_000 },
        { state: 'snoozed', snoozedUntil: clock.now() + 3_600_000, acknowledgedAt: clock.now(), acknowledgedBy: 'ana' },
      ),
    // Who snoozed it has seen it.
    wake: (id) =>
      void tell({ type: 'alert.woken', alert: id, because: 'time' }, { state: 'acknowledged', snoozedUntil: null }, platformActor),
    undo(id) {
      const { owner, containedAt } = alerts.get(id)!
      tell({ type: 'alert.undone', alert: id, undoes: alerts.get(id)!.version, to: { ...reopened, owner, containedAt } }, { ...reopened })
    },
    suppress(detector, scope) {
      const id = `s${suppressions.length + 1}`
      const [createdAt, expiresAt] = [clock.now(), clock.now() + 86_400_000]
      suppressions.push({
        id,
        detector,
        scope,
        owner: 'ana',
        reason: 'known',
        createdAt,
        expiresAt,
        endedAt: null,
        endedBy: null,
        hidden: 0,
        lastHiddenAt: null,
      })
      tell({ type: 'suppression.added', suppression: id, detector, scope, reason: 'known', expiresAt })
      return id
    },
    unsuppress(id) {
      const at = suppressions.findIndex((one) => one.id === id)
      suppressions[at] = { ...suppressions[at]!, endedAt: clock.now(), endedBy: 'ana' }
      tell({ type: 'suppression.ended', suppression: id, because: 'by-hand' })
    },
    holdEvents(count) {
      held = count
    },
    deafen(now) {
      deaf = now
    },
  }
}
