import type { Alert, AlertState } from '../../contracts/alert.ts'
import type { AlertListQuery } from '../../contracts/api/alerts.ts'
import { type CaseEvent, undoMs } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import { severities, type Severity } from '../../contracts/finding.ts'
import type { Suppression } from '../../contracts/suppression.ts'
import type { ActionOutcome, AlertAction, CaseListener, TriageDesk } from '../../contracts/triage-desk.ts'
import { nextDueAt } from '../../triage/clocks/due.ts'

export interface FakeDesk extends TriageDesk {
  /** A new alert, or a finding folded into the one of that id. */
  put(alert: Alert): CaseEvent
}

const eventsHeldMax = 10_000
const minuteMs = 60_000
const hash = (sequence: number): string => sequence.toString(16).padStart(64, '0')

/** Triage in memory, without chain or log: for tests of the API and for working on the console. */
export const createFakeDesk = (clock: Clock): FakeDesk => {
  const alerts = new Map<string, Alert>()
  const before = new Map<number, Alert>()
  const suppressions = new Map<string, Suppression>()
  let events: CaseEvent[] = []
  const listeners = new Set<CaseListener>()
  let sequence = 0

  const chained = (actor: string) => {
    sequence++
    return { sequence, previous: hash(sequence - 1), hash: hash(sequence), recordedAt: clock.now(), actor }
  }
  const tell = (event: CaseEvent, alert: Alert | null): void => {
    events.push(event)
    if (events.length > eventsHeldMax) events = events.slice(-eventsHeldMax)
    if (alert !== null) alerts.set(alert.id, alert)
    for (const listener of listeners) listener(event, alert)
  }

  const matches = (query: Partial<AlertListQuery>, asker: string | null, nowMs: number) => (alert: Alert) => {
    const open = alert.state === 'new' || alert.state === 'acknowledged'
    const tab = query.tab ?? 'triage'
    if (tab === 'triage' && !open) return false
    if (tab === 'mine' && (!open || alert.owner !== asker)) return false
    if ((tab === 'snoozed' || tab === 'closed') && alert.state !== tab) return false
    if (query.severity !== undefined && !query.severity.includes(alert.severity)) return false
    if (query.site !== undefined && alert.site !== query.site) return false
    if (query.device !== undefined && alert.device !== query.device) return false
    if (query.detector !== undefined && alert.detector !== query.detector) return false
    if (query.from !== undefined && alert.lastSeen < query.from) return false
    if (query.to !== undefined && alert.lastSeen > query.to) return false
    const due = nextDueAt(alert)
    if (query.pastDue === true && (due === null || due > nowMs)) return false
    const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    const text = `${alert.id} ${alert.title} ${alert.device} ${alert.site ?? ''} ${alert.why}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const sorters = {
    due: (a: Alert, b: Alert) =>
      (nextDueAt(a) ?? Infinity) - (nextDueAt(b) ?? Infinity) || b.openedAt - a.openedAt || (a.id < b.id ? -1 : 1),
    newest: (a: Alert, b: Alert) => b.openedAt - a.openedAt || (a.id < b.id ? -1 : 1),
    score: (a: Alert, b: Alert) => b.score - a.score || (a.id < b.id ? -1 : 1),
  }

  const allowed = (alert: Alert, action: AlertAction, actor: string): string | null => {
    if (action.type === 'undo') {
      const last = events.find((event) => event.sequence === action.undoes)
      if (last === undefined || !before.has(action.undoes) || alert.version !== action.undoes)
        return 'There is nothing of that to take back.'
      if (last.actor !== actor) return 'Only who did it can take it back.'
      return clock.now() - last.recordedAt > undoMs ? 'It is more than 10 s ago.' : null
    }
    if (action.type === 'note') return null
    if (alert.state === 'closed') return 'The alert is closed.'
    if (action.type === 'acknowledge' && alert.acknowledgedAt !== null && alert.state === 'acknowledged')
      return 'It is acknowledged already.'
    if (action.type === 'wake' && alert.state !== 'snoozed') return 'It is not snoozed.'
    return null
  }

  const apply = (alert: Alert, actor: string, action: AlertAction): ActionOutcome => {
    const nowMs = clock.now()
    const on = { alert: alert.id }
    const step = chained(actor)
    const changed = (change: Partial<Alert>, type: string): Alert => ({
      ...alert,
      ...change,
      sequence: step.sequence,
      version: step.sequence,
      lastChange: { type, actor, at: nowMs },
    })
    const finish = (event: CaseEvent, change: Partial<Alert>): ActionOutcome => {
      const after = changed(change, event.type)
      if (action.type !== 'undo' && action.type !== 'note') before.set(step.sequence, alert)
      tell(event, after)
      return { ok: true, alert: after, event }
    }
    const acknowledged = { acknowledgedAt: alert.acknowledgedAt ?? nowMs, acknowledgedBy: alert.acknowledgedBy ?? actor }
    const back = (): AlertState => (alert.acknowledgedAt === null ? 'new' : 'acknowledged')
    switch (action.type) {
      case 'acknowledge':
        return finish(
          { type: 'alert.acknowledged', ...step, ...on },
          { ...acknowledged, state: 'acknowledged', owner: alert.owner ?? actor, snoozedUntil: null },
        )
      case 'assign':
        return finish({ type: 'alert.assigned', ...step, ...on, owner: action.owner }, { owner: action.owner })
      case 'snooze':
        return finish(
          { type: 'alert.snoozed', ...step, ...on, until: action.until },
          { ...acknowledged, state: 'snoozed', snoozedUntil: action.until },
        )
      case 'wake':
        return finish({ type: 'alert.woken', ...step, ...on, because: 'by-hand' }, { state: back(), snoozedUntil: null })
      case 'close': {
        const { verdict, reason } = action
        return finish(
          { type: 'alert.closed', ...step, ...on, verdict, reason },
          { state: 'closed', verdict, reason, closedAt: nowMs, closedBy: actor, snoozedUntil: null },
        )
      }
      case 'note':
        return finish({ type: 'alert.noted', ...step, ...on, note: action.note }, { notes: alert.notes + 1 })
      case 'contain':
        return finish({ type: 'alert.contained', ...step, ...on, reason: action.reason }, { containedAt: nowMs })
      case 'undo': {
        const { state, owner, acknowledgedAt, acknowledgedBy, containedAt, snoozedUntil, closedAt, closedBy, verdict, reason } = before.get(
          action.undoes,
        )!
        const to = { state, owner, acknowledgedAt, acknowledgedBy, containedAt, snoozedUntil, closedAt, closedBy, verdict, reason }
        return finish({ type: 'alert.undone', ...step, ...on, undoes: action.undoes, to }, to)
      }
    }
  }

  const decide = (id: string, version: number | null, actor: string, action: AlertAction): ActionOutcome => {
    const alert = alerts.get(id)
    if (alert === undefined) return { ok: false, reason: 'no-alert' }
    if (version !== null && version !== alert.version) {
      const { actor: by, type: change, at } = alert.lastChange
      return { ok: false, reason: 'conflict', alert, by, change, at }
    }
    const detail = allowed(alert, action, actor)
    return detail === null ? apply(alert, actor, action) : { ok: false, reason: 'not-now', detail, alert }
  }

  const fold = (alert: Alert): CaseEvent => {
    const known = alerts.get(alert.id)
    const step = chained('wardwatch')
    const { detector, title, device, site, severity, score, why, evidence, attack, controls, due } = alert
    const event: CaseEvent = {
      type: 'finding.folded',
      ...step,
      alert: alert.id,
      opened: known === undefined,
      finding: hash(step.sequence).slice(-32),
      detector,
      title,
      device,
      site,
      severity,
      score,
      why,
      at: alert.lastSeen,
      position: { topic: 'observations.by-device.v1', partition: 0, offset: step.sequence },
      index: 0,
      findingPosition: { topic: 'findings.v1', partition: 0, offset: step.sequence },
      evidence,
      attack,
      controls,
      ...(known === undefined ? { due } : {}),
    }
    const opening =
      known === undefined ? { version: step.sequence, lastChange: { type: event.type, actor: 'wardwatch', at: clock.now() } } : {}
    tell(event, { ...alert, ...opening, sequence: step.sequence })
    return event
  }

  const bySeverity = (some: readonly Alert[]): Record<Severity, number> =>
    Object.fromEntries(severities.map((severity) => [severity, some.filter((alert) => alert.severity === severity).length])) as Record<
      Severity,
      number
    >

  return {
    get sequence() {
      return sequence
    },
    put: fold,
    alert: (id) => alerts.get(id),
    list(query, asker, nowMs) {
      const found = [...alerts.values()].filter(matches(query, asker, nowMs)).sort(sorters[query.sort])
      const from =
        query.cursor === undefined ? 0 : found.findIndex(({ id }) => id === Buffer.from(query.cursor!, 'base64url').toString('utf8')) + 1
      const items = found.slice(from, from + query.limit)
      return {
        items,
        total: found.length,
        next: from + items.length < found.length ? Buffer.from(items.at(-1)!.id).toString('base64url') : null,
      }
    },
    counts(asker, nowMs) {
      const all = [...alerts.values()]
      const open = all.filter(matches({ tab: 'triage' }, asker, nowMs))
      const thisMinute = Math.floor(nowMs / minuteMs)
      const live = [...suppressions.values()].filter(({ endedAt }) => endedAt === null)
      return {
        tabs: {
          triage: open.length,
          mine: open.filter(({ owner }) => owner !== null && owner === asker).length,
          snoozed: all.filter(({ state }) => state === 'snoozed').length,
          closed: all.filter(({ state }) => state === 'closed').length,
        },
        severities: bySeverity(open),
        pastDue: open.filter((alert) => (nextDueAt(alert) ?? Infinity) <= nowMs).length,
        histogram: Array.from({ length: 60 }, (_, i) => {
          const minute = thisMinute - 59 + i
          return { minute: minute * minuteMs, ...bySeverity(all.filter(({ openedAt }) => Math.floor(openedAt / minuteMs) === minute)) }
        }),
        lastAlertAt: all.length === 0 ? null : Math.max(...all.map(({ openedAt }) => openedAt)),
        suppressed: { active: live.length, hidden: live.reduce((sum, { hidden }) => sum + hidden, 0) },
      }
    },
    openOn: (device) => [...alerts.values()].filter((alert) => alert.device === device && alert.state !== 'closed').length,
    onDevice: (device, limit) =>
      [...alerts.values()]
        .filter((alert) => alert.device === device)
        .sort((a, b) => b.sequence - a.sequence)
        .slice(0, limit),
    act: (id, version, actor, action) => Promise.resolve(decide(id, version, actor, action)),
    bulk: (actor, _bulk, action, some) => Promise.resolve(some.map(({ id, version }) => ({ id, ...decide(id, version, actor, action) }))),
    raise: () => Promise.reject(new Error('nothing is raised here')),
    suppress(actor, { detector, scope, reason, expiresAt }) {
      const step = chained(actor)
      const id = `s-${step.sequence}`
      const made: Suppression = {
        id,
        detector,
        scope,
        owner: actor,
        reason,
        createdAt: clock.now(),
        expiresAt,
        endedAt: null,
        endedBy: null,
        hidden: 0,
        lastHiddenAt: null,
      }
      suppressions.set(id, made)
      tell({ type: 'suppression.added', ...step, suppression: id, detector, scope, reason, expiresAt }, null)
      return Promise.resolve(made)
    },
    endSuppression(actor, id) {
      const known = suppressions.get(id)
      if (known === undefined || known.endedAt !== null) return Promise.resolve(null)
      const ended = { ...known, endedAt: clock.now(), endedBy: actor }
      suppressions.set(id, ended)
      tell({ type: 'suppression.ended', ...chained(actor), suppression: id, because: 'by-hand' }, null)
      return Promise.resolve(ended)
    },
    suppressions: () => [...suppressions.values()],
    eventsSince(from) {
      if (from > sequence) return null
      if (from < sequence - events.length) return null
      return events.filter((event) => event.sequence > from)
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stats: () => ({ sequence }),
  }
}
