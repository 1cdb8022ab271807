import type { AlertSort, AlertTab, AlertView } from '../../../../contracts/api/alerts.ts'
import type { Severity } from '../../../../contracts/finding.ts'

/** What of the alerts is shown, in which order. The URL holds it. */
export interface QueueView {
  readonly tab: Exclude<AlertTab, 'all'>
  readonly sort: AlertSort
  readonly severity: readonly Severity[]
  readonly q: string
  readonly site: string
  readonly device: string
  readonly detector: string
  /** Last seen at or after / before, ms. */
  readonly from: number | null
  readonly to: number | null
  readonly pastDue: boolean
}

const tabs = ['triage', 'mine', 'snoozed', 'closed'] as const
const sorts = ['due', 'newest', 'score'] as const
/** Worst first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const

const oneOf = <T extends string>(allowed: readonly T[], text: string | null, standard: T): T =>
  allowed.find((one) => one === text) ?? standard
const time = (text: string | null): number | null => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null)

/** A view from the URL's search; what is not understood is as if it were not there. */
export const viewFrom = (search: string): QueueView => {
  const given = new URLSearchParams(search)
  const wanted = new Set((given.get('severity') ?? '').split(','))
  return {
    tab: oneOf(tabs, given.get('tab'), 'triage'),
    sort: oneOf(sorts, given.get('sort'), 'due'),
    severity: severities.filter((severity) => wanted.has(severity)),
    q: (given.get('q') ?? '').slice(0, 200),
    site: given.get('site') ?? '',
    device: given.get('device') ?? '',
    detector: given.get('detector') ?? '',
    from: time(given.get('from')),
    to: time(given.get('to')),
    pastDue: given.get('pastDue') === 'true',
  }
}

/** The view as the API's query, and as the URL's: what is standard is left out. */
export const queryOf = (view: QueueView): Readonly<Record<string, string>> => {
  const query: Record<string, string> = {}
  if (view.tab !== 'triage') query['tab'] = view.tab
  if (view.sort !== 'due') query['sort'] = view.sort
  if (view.severity.length > 0) query['severity'] = view.severity.join(',')
  for (const name of ['q', 'site', 'device', 'detector'] as const) if (view[name] !== '') query[name] = view[name]
  if (view.from !== null) query['from'] = String(view.from)
  if (view.to !== null) query['to'] = String(view.to)
  if (view.pastDue) query['pastDue'] = 'true'
  return query
}

export const isFiltered = (view: QueueView): boolean =>
  view.severity.length > 0 ||
  view.q !== '' ||
  view.site !== '' ||
  view.device !== '' ||
  view.detector !== '' ||
  view.from !== null ||
  view.to !== null ||
  view.pastDue

/** Whether an alert belongs into a view, as the server decides it. @param me the asker's account */
export const belongs = (view: QueueView, alert: AlertView, me: string, nowMs: number): boolean => {
  const open = alert.state === 'new' || alert.state === 'acknowledged'
  if (view.tab === 'triage' && !open) return false
  if (view.tab === 'mine' && !(open && alert.owner === me)) return false
  if ((view.tab === 'snoozed' || view.tab === 'closed') && alert.state !== view.tab) return false
  if (view.severity.length > 0 && !view.severity.includes(alert.severity)) return false
  if (view.site !== '' && alert.site !== view.site) return false
  if (view.device !== '' && alert.device !== view.device) return false
  if (view.detector !== '' && alert.detector !== view.detector) return false
  if (view.from !== null && alert.lastSeen < view.from) return false
  if (view.to !== null && alert.lastSeen >= view.to) return false
  if (view.pastDue && !(alert.nextDueAt !== null && alert.nextDueAt <= nowMs)) return false
  if (view.q === '') return true
  const text = [alert.id, alert.title, alert.device, alert.ward, alert.model, alert.site, alert.why].join('\n').toLowerCase()
  return view.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const byId = (a: AlertView, b: AlertView): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The order of a view, as the server sorts it (triage/queue/row.ts; test/queue-order.test.ts holds one against the other). */
export const compareIn = (view: Pick<QueueView, 'tab' | 'sort'>): ((a: AlertView, b: AlertView) => number) => {
  if (view.sort === 'score') return (a, b) => b.score - a.score || b.openedAt - a.openedAt || byId(a, b)
  if (view.sort === 'newest') return (a, b) => b.openedAt - a.openedAt || byId(a, b)
  if (view.tab === 'closed' || view.tab === 'snoozed') return (a, b) => b.version - a.version || byId(a, b)
  return (a, b) => {
    if (a.nextDueAt === null || b.nextDueAt === null)
      return a.nextDueAt === b.nextDueAt ? b.openedAt - a.openedAt || byId(a, b) : a.nextDueAt === null ? 1 : -1
    return a.nextDueAt - b.nextDueAt || a.openedAt - b.openedAt || byId(a, b)
  }
}
