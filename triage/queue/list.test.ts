import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alert } from '../../contracts/alert.ts'
import { alertListQuery, alertSorts, alertTabs } from '../../contracts/api/alerts.ts'
import { severities } from '../../contracts/finding.ts'
import { nextDueAt } from '../clocks/due.ts'
import { findingAt, takeInto } from '../findings.fixture.ts'
import { createCaseFold } from '../group/fold.ts'
import { listAlerts } from './list.ts'
import { createQueue } from './queue.ts'

const describeDevice = (device: string) => (device.startsWith('pump') ? { ward: 'ICU', model: 'Pump X' } : null)
const [base] = (() => {
  const fold = createCaseFold()
  takeInto(fold, findingAt(1), { topic: 'findings.v1', partition: 0, offset: 0 }, 1)
  return fold.newest(1)
})()

const anAlert = fc
  .record({
    number: fc.nat(40),
    state: fc.constantFrom('new', 'acknowledged', 'snoozed', 'closed' as const),
    severity: fc.constantFrom(...severities),
    owner: fc.constantFrom(null, 'ann', 'bob'),
    score: fc.constantFrom(0.1, 0.5, 0.9),
    openedAt: fc.integer({ min: 0, max: 5 }),
    lastSeen: fc.integer({ min: 0, max: 9 }),
    acknowledgeBy: fc.option(fc.integer({ min: 0, max: 9 })),
    site: fc.constantFrom(null, 'north', 'south'),
    why: fc.constantFrom('Heart rate 90', 'silent since noon', 'Übermäßig viele Nachrichten'),
    version: fc.integer({ min: 1, max: 1_000 }),
  })
  .map(({ number, acknowledgeBy, ...rest }): Alert => ({
    ...base!,
    ...rest,
    id: `AL-${number}`,
    device: number % 3 === 0 ? `pump-${number % 5}` : `mon-${number % 4}`,
    acknowledgedAt: rest.state === 'new' ? null : 3,
    due: { acknowledgeBy, containBy: null },
  }))
const change = fc.oneof({ weight: 9, arbitrary: anAlert }, { weight: 1, arbitrary: fc.nat(40).map((number) => `AL-${number}`) })

const filters = [
  { severity: 'critical' },
  { severity: 'low,high,medium' },
  { site: 'north' },
  { site: 'nowhere' },
  { device: 'pump-0' },
  { device: 'mon-1' },
  { device: 'none' },
  { detector: 'replay' },
  { detector: 'flood' },
  { from: '3' },
  { from: '8' },
  { to: '4' },
  { pastDue: 'true' },
  { pastDue: 'false' },
  ...['heart', 'HEART 90', 'icu', 'al-1', 'x', 'pump x north', 'übermäßig', 'zz', 'noon since  silent'].map((q) => ({ q })),
]
const aQuery = fc
  .tuple(fc.constantFrom(...alertTabs), fc.constantFrom(...alertSorts), fc.array(fc.constantFrom(...filters), { maxLength: 2 }))
  .map(([tab, sort, some]) => alertListQuery.parse({ tab, sort, limit: 3, ...Object.assign({}, ...some) }))

const nowMs = 5
/** What the list has to be, the slow way. */
const expected = (alerts: readonly Alert[], query: ReturnType<typeof alertListQuery.parse>, asker: string): Alert[] => {
  const open = ({ state }: Alert): boolean => state === 'new' || state === 'acknowledged'
  const onTab = (alert: Alert): boolean =>
    ({
      triage: open(alert),
      mine: open(alert) && alert.owner === asker,
      snoozed: alert.state === 'snoozed',
      closed: alert.state === 'closed',
      all: true,
    })[query.tab]
  const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const text = (alert: Alert): string => {
    const known = describeDevice(alert.device)
    return [alert.id, alert.title, alert.device, known?.ward, known?.model, alert.site, alert.why].join('\n').toLowerCase()
  }
  const overdue = (alert: Alert): boolean => (nextDueAt(alert) ?? Infinity) <= nowMs
  const found = alerts.filter(
    (alert) =>
      onTab(alert) &&
      (query.severity?.includes(alert.severity) ?? true) &&
      (query.site === undefined || alert.site === query.site) &&
      (query.device === undefined || alert.device === query.device) &&
      (query.detector === undefined || alert.detector === query.detector) &&
      (query.from === undefined || alert.lastSeen >= query.from) &&
      (query.to === undefined || alert.lastSeen < query.to) &&
      (query.pastDue === undefined || overdue(alert) === query.pastDue) &&
      words.every((word) => text(alert).includes(word)),
  )
  const rank = (alert: Alert): number => (open(alert) ? 0 : alert.state === 'snoozed' ? 1 : 2)
  const byId = (a: Alert, b: Alert): number => (a.id < b.id ? -1 : 1)
  return found.sort((a, b) => {
    if (query.sort === 'newest') return b.openedAt - a.openedAt || byId(a, b)
    if (query.sort === 'score') return b.score - a.score || b.openedAt - a.openedAt || byId(a, b)
    const [left, right] = [nextDueAt(a) ?? Infinity, nextDueAt(b) ?? Infinity]
    if (rank(a) !== rank(b)) return rank(a) - rank(b)
    if (rank(a) > 0) return b.version - a.version || byId(a, b)
    if (left !== right) return left - right
    return (left === Infinity ? b.openedAt - a.openedAt : a.openedAt - b.openedAt) || byId(a, b)
  })
}

const queueOf = (changes: readonly (Alert | string)[]) => {
  const queue = createQueue(describeDevice)
  const alerts = new Map<string, Alert>()
  for (const one of changes)
    if (typeof one === 'string') {
      queue.changed(one, null)
      alerts.delete(one)
    } else {
      // An alert never changes its device.
      const alert = { ...one, device: alerts.get(one.id)?.device ?? one.device }
      queue.changed(alert.id, alert)
      alerts.set(alert.id, alert)
    }
  return { queue, alerts }
}

describe('lists', () => {
  it('page after page they are what a slow look through all alerts finds, after any changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), fc.array(aQuery, { minLength: 1, maxLength: 5 }), (changes, queries) => {
        const { queue, alerts } = queueOf(changes)
        for (const query of queries) {
          const wanted = expected([...alerts.values()], query, 'ann')
          const got: Alert[] = []
          let cursor: string | null = null
          do {
            const page = listAlerts(queue, cursor === null ? query : { ...query, cursor }, 'ann', nowMs)
            expect(page.total).toBe(wanted.length)
            got.push(...page.items)
            cursor = page.next
          } while (cursor !== null && got.length <= alerts.size)
          expect(got).toEqual(wanted)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('a row that stays in its place is on exactly one page, however others move between the pages', () => {
    fc.assert(
      fc.property(
        fc.array(anAlert, { minLength: 10, maxLength: 60 }),
        fc.array(change, { maxLength: 40 }),
        aQuery,
        (first, moves, query) => {
          const { queue, alerts } = queueOf(first)
          const moved = new Set<string>()
          const seen: string[] = []
          let cursor: string | null = null
          do {
            const page = listAlerts(queue, cursor === null ? query : { ...query, cursor }, 'ann', nowMs)
            seen.push(...page.items.map(({ id }) => id))
            cursor = page.next
            for (const move of moves.splice(0, 3)) {
              const id = typeof move === 'string' ? move : move.id
              moved.add(id)
              const device = alerts.get(id)?.device
              queue.changed(id, typeof move === 'string' ? null : device === undefined ? move : { ...move, device })
            }
          } while (cursor !== null && seen.length < 1_000)
          const stayed = expected([...alerts.values()], query, 'ann').filter(({ id }) => !moved.has(id))
          for (const { id } of stayed) expect(seen.filter((one) => one === id)).toEqual([id])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('counts of devices and owners are what is there', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        const { queue, alerts } = queueOf(changes)
        const all = [...alerts.values()]
        for (const device of ['pump-0', 'mon-1', 'none']) {
          expect([...queue.onDevice(device)].sort()).toEqual(
            all
              .filter((alert) => alert.device === device)
              .map(({ id }) => id)
              .sort(),
          )
          expect(queue.openOn(device)).toBe(all.filter((alert) => alert.device === device && alert.state !== 'closed').length)
        }
        for (const shelf of ['snoozed', 'closed'] as const)
          expect(queue.shelves[shelf].size).toBe(all.filter(({ state }) => state === shelf).length)
        expect(queue.shelves.all.size).toBe(all.length)
      }),
    )
  })

  it.each(['', 'x', 'e30', Buffer.from('["due",1]').toString('base64url'), Buffer.from('["score",1,2,"AL-1"]').toString('base64url')])(
    'a cursor that is none of this order (%s) gets the first page',
    (cursor) => {
      const { queue } = queueOf([base!])
      expect(listAlerts(queue, alertListQuery.parse({ tab: 'all', sort: 'due', cursor }), null, nowMs)).toMatchObject({
        items: [base],
        strangeCursor: true,
      })
    },
  )

  it('beyond 10,000 matches the total says only that there are more, and every page is right', () => {
    const many = Array.from({ length: 12_000 }, (_, i): Alert => ({
      ...base!,
      id: `AL-${String(i).padStart(6, '0')}`,
      openedAt: i,
      site: i % 100 === 0 ? 'south' : 'north',
    }))
    const { queue } = queueOf(many)
    const list = (query: object) => listAlerts(queue, alertListQuery.parse({ sort: 'newest', limit: 500, ...query }), null, nowMs)
    expect(list({}).total).toBe(12_000)
    expect(list({ site: 'north' })).toMatchObject({ total: 10_001 })
    expect(list({ site: 'south' })).toMatchObject({ total: 120, next: null })
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = list({ site: 'north', ...(cursor === '' ? {} : { cursor }) })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.next
    }
    expect(seen).toEqual(
      many
        .filter(({ site }) => site === 'north')
        .map(({ id }) => id)
        .reverse(),
    )
  })
})
