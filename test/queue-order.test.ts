import fc from 'fast-check'
import { expect, it } from 'vitest'
import { alertListQuery, alertSorts, alertTabs, type AlertView } from '../contracts/api/alerts.ts'
import { severities } from '../contracts/finding.ts'
import { alertWith } from '../dashboards/console/src/alerts/alert.fixture.ts'
import { belongs, compareIn, queryOf, viewFrom } from '../dashboards/console/src/alerts/queue-view.ts'
import { nextDueAt } from '../triage/clocks/due.ts'
import { listAlerts } from '../triage/queue/list.ts'
import { createQueue } from '../triage/queue/queue.ts'

// The console puts what the stream tells of into its list by itself: by its own copy of what belongs there and in which order. Would it differ from the server's,
// rows would jump at the next fetch, or be missing.

const nowMs = 5
const known = { ward: 'ICU-2', model: 'Infusomat Space' }
const small = fc.integer({ min: 0, max: 9 })
const anAlert = fc
  .record({
    state: fc.constantFrom('new', 'acknowledged', 'snoozed', 'closed' as const),
    severity: fc.constantFrom(...severities),
    owner: fc.constantFrom(null, 'rosa', 'mona'),
    score: fc.constantFrom(0, 0.1, 0.5, 1),
    openedAt: small,
    lastSeen: small,
    version: small,
    due: fc.record({ acknowledgeBy: fc.option(small), containBy: fc.option(small) }),
    acknowledgedAt: fc.option(small),
    containedAt: fc.option(small),
    site: fc.constantFrom(null, 'north', 'south'),
    device: fc.constantFrom('pump-1', 'mon-2', 'address:10.0.0.1'),
    detector: fc.constantFrom('flood', 'replay'),
    why: fc.constantFrom('Heart rate 90', 'silent since noon', 'Übermäßig viele İstekler', ''),
  })
  .map((change): Omit<AlertView, 'id'> => {
    const alert = alertWith({ id: '', ...change, ...(change.device.includes(':') ? { ward: null, model: null } : known) })
    return { ...alert, nextDueAt: nextDueAt(alert) }
  })
const filters = [
  ...['critical', 'low,high'].map((severity) => ({ severity })),
  ...['north', 'nowhere'].map((site) => ({ site })),
  ...['pump-1', 'none'].map((device) => ({ device })),
  { detector: 'flood' },
  { from: '3' },
  { to: '7' },
  { pastDue: 'true' },
  ...['heart', 'HEART 90', 'icu', 'AL-1', ' pump  north ', 'übermäßig', 'istek', 'zz', 'infusomat SPACE'].map((q) => ({ q })),
]
const aSearch = fc
  .tuple(
    fc.constantFrom(...alertTabs.filter((tab) => tab !== 'all')),
    fc.constantFrom(...alertSorts),
    fc.array(fc.constantFrom(...filters), { maxLength: 2 }),
  )
  .map(([tab, sort, some]) => new URLSearchParams(Object.assign({ tab, sort }, ...some)).toString())

it('the console lists what the server lists, in the server’s order', () => {
  fc.assert(
    fc.property(fc.array(anAlert, { maxLength: 30 }), aSearch, (some, search) => {
      const alerts = some.map((alert, n): AlertView => ({ ...alert, id: `AL-${n}` }))
      const queue = createQueue((device) => (device.includes(':') ? null : known))
      for (const { ward: _ward, model: _model, nextDueAt: _nextDueAt, ...alert } of alerts) queue.changed(alert.id, alert)
      const view = viewFrom(search)
      const served = listAlerts(queue, alertListQuery.parse({ ...queryOf(view), limit: 500 }), 'rosa', nowMs).items.map(({ id }) => id)
      const shown = alerts.filter((alert) => belongs(view, alert, 'rosa', nowMs)).toSorted(compareIn(view))
      expect(shown.map(({ id }) => id)).toEqual(served)
    }),
    { numRuns: 600 },
  )
})

it('the console knows every tab and order of the contract', () => {
  for (const tab of alertTabs) if (tab !== 'all') expect(viewFrom(`tab=${tab}`).tab).toBe(tab)
  for (const sort of alertSorts) expect(viewFrom(`sort=${sort}`).sort).toBe(sort)
})
