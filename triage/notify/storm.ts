import { createHash } from 'node:crypto'
import type { Alert } from '../../contracts/alert.ts'
import { compareSeverity, severities, type Severity } from '../../contracts/finding.ts'
import type { PageRecord, PagingFold, Told } from './fold.ts'
import type { PagingBody } from './journal.ts'
import type { PagingSettings } from './paging-settings.ts'
import { type PagingView, unwantedBecause } from './wanted.ts'

type StormLimits = Pick<PagingSettings, 'stormAlertsMax' | 'stormWindowMs'>

/** What holds a channel's pages back. */
export interface Storm {
  /** Until when a page of an alert of that severity does not go out by itself, ms; 0 when it may. */
  heldUntil(severity: Severity): number
  /** When what is held may be told together the next time, ms. */
  readonly togetherAt: number
}

export const calm: Storm = { heldUntil: () => 0, togetherAt: 0 }

/**
 * A channel that was told of so many alerts within the window is told of no more of them one by one. Only alerts at least as severe count, so that a storm of
 * small ones holds back no big one. @param told what the channel was told lately, oldest first
 */
export const stormOf = (told: readonly Told[], lastTogetherAt: number | null, { stormAlertsMax, stormWindowMs }: StormLimits): Storm => {
  if (told.length < stormAlertsMax) return { ...calm, togetherAt: (lastTogetherAt ?? -stormWindowMs) + stormWindowMs }
  const until = new Map<Severity, number>()
  for (const severity of severities) {
    const alerts = new Set<string>()
    for (let i = told.length - 1; i >= 0 && alerts.size < stormAlertsMax; i--) {
      if (compareSeverity(told[i]!.severity, severity) < 0) continue
      alerts.add(told[i]!.alert)
      if (alerts.size === stormAlertsMax) until.set(severity, told[i]!.at + stormWindowMs)
    }
  }
  return { heldUntil: (severity) => until.get(severity) ?? 0, togetherAt: (lastTogetherAt ?? -stormWindowMs) + stormWindowMs }
}

/** By what it is, never by when: the same pages together have the same id. */
const stormPageId = (notifier: string, pages: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify(['storm', notifier, pages]))
    .digest('hex')
    .slice(0, 32)

/** Puts the pages that are held into one, and drops those that nobody wants any more. */
export const gathered = (view: PagingView, held: readonly PageRecord[], fold: Pick<PagingFold, 'page'>, alertOf: AlertOf): PagingBody[] => {
  const bodies: PagingBody[] = []
  const pages: PageRecord[] = []
  for (const { id } of held) {
    const record = fold.page(id)
    if (record?.state !== 'waiting') continue
    const reason = unwantedBecause(view, record, alertOf(record.alert))
    if (reason === null) pages.push(record)
    else bodies.push({ type: 'page.dropped', page: id, reason })
  }
  const [first] = pages
  if (first === undefined) return bodies
  const { alert, severity } = pages.reduce((worst, one) => (compareSeverity(one.severity, worst.severity) > 0 ? one : worst))
  const ids = pages.map(({ id }) => id)
  const alerts = new Set(pages.map((page) => page.alert)).size
  return [
    ...bodies,
    {
      type: 'pages.gathered',
      page: stormPageId(first.notifier, ids),
      notifier: first.notifier,
      alert,
      severity,
      alerts,
      pages: ids,
      dueAt: first.dueAt,
    },
  ]
}

type AlertOf = (id: string) => Alert | undefined

/** The alerts that a page for many still has to tell of, the worst first: whatever somebody has taken meanwhile is not among them. */
export const stillUntold = (view: PagingView, record: PageRecord, fold: Pick<PagingFold, 'page'>, alertOf: AlertOf): readonly Alert[] => {
  const alerts = new Map<string, Alert>()
  for (const id of record.gathered) {
    const page = fold.page(id)
    const alert = page === undefined ? undefined : alertOf(page.alert)
    if (page !== undefined && alert !== undefined && unwantedBecause(view, page, alert) === null) alerts.set(alert.id, alert)
  }
  return [...alerts.values()].sort((a, b) => compareSeverity(b.severity, a.severity) || a.openedAt - b.openedAt)
}
