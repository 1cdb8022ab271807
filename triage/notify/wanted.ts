import type { Alert } from '../../contracts/alert.ts'
import type { PagingRule } from '../../contracts/api/paging.ts'
import type { Suppression } from '../../contracts/suppression.ts'
import type { Channel, PageRecord, PagingFold } from './fold.ts'
import { pageId } from './page-id.ts'
import { isAbout, isInHours } from './rules.ts'

/** The platform's own alert about a channel. */
export const channelDetector = 'paging-channel'
export const channelDevice = (notifier: string): string => `channel:${notifier}`

/** A page that should be queued. */
export type PlannedPage = Pick<PageRecord, 'id' | 'kind' | 'alert' | 'rule' | 'step' | 'notifier' | 'severity' | 'dueAt' | 'acknowledged'>

/** What is known when it is decided who is told. */
export interface PagingView {
  readonly fold: Pick<PagingFold, 'channel' | 'channels' | 'rules' | 'pagesOf'>
  readonly suppressions: readonly Suppression[]
  readonly nowMs: number
  readonly hourAt: (atMs: number) => number
  readonly modelOf: (device: string) => string | null
  readonly keepsState: (channel: Channel) => boolean
}

const isSuppressed = ({ suppressions, nowMs, modelOf }: PagingView, alert: Alert): boolean =>
  suppressions.some(
    ({ detector, scope, endedAt, expiresAt }) =>
      detector === alert.detector &&
      endedAt === null &&
      expiresAt > nowMs &&
      ('device' in scope ? scope.device === alert.device : scope.model === modelOf(alert.device)),
  )

/** A channel is not told of its own death through itself. */
const isItself = (alert: Alert, notifier: string): boolean => alert.detector === channelDetector && alert.device === channelDevice(notifier)

const asksFor = (rule: PagingRule, alert: Alert, step: number, notifier: string): boolean =>
  isAbout(rule, alert) && rule.steps[step]?.notifiers.includes(notifier) === true

/** Why a waiting page must not go out now, or null: everything that could have changed since it was queued. */
export const unwantedBecause = (view: PagingView, record: PageRecord, alert: Alert | undefined): string | null => {
  if (view.fold.channel(record.notifier)?.enabled !== true) return 'the channel is off'
  // What it still has to tell of is looked at when it goes out.
  if (record.kind === 'storm') return null
  if (alert === undefined) return 'the alert is gone'
  if (record.kind !== 'page') return alert.state === record.kind ? null : `the alert is ${alert.state} by now`
  if (alert.state === 'acknowledged' ? !record.acknowledged : alert.state !== 'new') return `the alert is ${alert.state}`
  const rule = view.fold.rules().find(({ id }) => id === record.rule)
  if (rule === undefined || !asksFor(rule, alert, record.step, record.notifier)) return 'no rule asks for it any more'
  return isSuppressed(view, alert) ? 'a suppression hides the alert' : null
}

/** What happened to an alert since its rules were weighed. */
export interface Change {
  /** When: it decides a rule's hours, and the later steps are counted from it, ms. */
  readonly atMs: number
  readonly worse: boolean
  /** It was put off, and needs new eyes: whoever was told of what it was is told again of what it has become. */
  readonly anew: boolean
}

/**
 * Pages that the rules ask for about an alert that waits for triage and are not queued yet. A channel is told once for each step: by a second rule
 * only when the alert got worse since, by the same rule only when it woke because of that.
 */
export const pagesDue = (view: PagingView, alert: Alert, { atMs, worse, anew }: Change): readonly PlannedPage[] => {
  const acknowledged = alert.state === 'acknowledged'
  // Somebody is on it: another step would be an escalation, but a new rule for what it has become is not.
  if (!(alert.state === 'new' || (acknowledged && worse)) || isSuppressed(view, alert)) return []
  const { id: alertId, severity } = alert
  const planned: PlannedPage[] = []
  const told = view.fold.pagesOf(alertId).filter(({ kind, state }) => kind === 'page' && state !== 'dropped')
  const isTold = (rule: string, step: number, notifier: string): boolean =>
    planned.some((page) => page.notifier === notifier && page.step === step) ||
    told.some((page) => page.notifier === notifier && page.step === step && (page.severity === severity || (page.rule === rule && !anew)))
  for (const rule of view.fold.rules()) {
    if (!isAbout(rule, alert) || !isInHours(rule.hours, view.hourAt(atMs))) continue
    for (const [step, { notifiers, afterMinutes }] of rule.steps.slice(0, acknowledged ? 1 : undefined).entries())
      for (const notifier of notifiers) {
        if (view.fold.channel(notifier)?.enabled !== true || isItself(alert, notifier) || isTold(rule.id, step, notifier)) continue
        const key = { kind: 'page', alert: alertId, rule: rule.id, step, notifier, severity } as const
        planned.push({ id: pageId(key), ...key, dueAt: atMs + afterMinutes * 60_000, acknowledged })
      }
  }
  return planned
}

/** What a channel that keeps an alert's state still has to hear of it, if it was told of the alert at all. */
export const followUpsDue = (view: PagingView, alert: Alert, delayMs: number): readonly PlannedPage[] => {
  const { state } = alert
  if (state !== 'acknowledged' && state !== 'closed') return []
  const since = (state === 'closed' ? alert.closedAt : alert.acknowledgedAt) ?? view.nowMs
  const told = new Set(
    view.fold
      .pagesOf(alert.id)
      .flatMap((page) => (page.kind === 'page' && (page.state === 'sent' || page.attempts > 0) ? [page.notifier] : [])),
  )
  return view.fold.channels().flatMap((channel): PlannedPage[] => {
    if (!channel.enabled || !told.has(channel.id) || !view.keepsState(channel)) return []
    const pages = view.fold.pagesOf(alert.id)
    if (pages.some((page) => page.kind === state && page.notifier === channel.id && page.state !== 'dropped')) return []
    const key = { kind: state, alert: alert.id, rule: null, step: 0, notifier: channel.id, severity: alert.severity } as const
    return [{ id: pageId(key), ...key, dueAt: since + delayMs, acknowledged: false }]
  })
}
