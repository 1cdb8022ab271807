import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CaseEvent } from '../contracts/case-event.ts'
import { openMemoryLog } from '../stream/memory-log.ts'
import { draftsByTime } from '../triage/clocks/run-out.ts'
import { settableClock, startDesk, take, until } from '../triage/desk.fixture.ts'
import { findingAt } from '../triage/findings.fixture.ts'
import { caseRow } from './landing/rows.ts'
import { timeText } from './landing/stored-values.ts'
import type { Store } from './open.ts'
import { readRows } from './read-rows.ts'
import { openedStore, temporaryDirectory } from './testing/temporary-store.ts'

const home = temporaryDirectory()
let store: Store
beforeAll(async () => {
  store = await openedStore(home.path)
})
afterAll(async () => {
  await store.close()
  home.remove()
})

const numbers = 'SETTINGS output_format_json_quote_64bit_integers = 0'
const start = Math.floor(Date.now() / 1_000) * 1_000
const rowsOf = (events: readonly CaseEvent[]) =>
  events.map((event) => ({
    ...caseRow(event, JSON.stringify(event)),
    log_topic: 'cases.v1',
    log_partition: 0,
    log_offset: event.sequence,
    landed_at: timeText(start),
  }))

it('the view of alerts is the fold of every event type, as the desk has it', async () => {
  const log = openMemoryLog()
  const clock = settableClock(start)
  const desk = await startDesk(log, { clock })
  const events: CaseEvent[] = []
  desk.onEvent((event) => events.push(event))
  const found = (offset: number, device: string, over: object = {}) =>
    take(log, desk, [findingAt(offset, { device, at: start + offset, ...over })])
  const idOf = (device: string): string => desk.onDevice(device, 1)[0]!.id
  const act = async (device: string, action: Parameters<typeof desk.act>[3], actor = 'ann') => {
    const outcome = await desk.act(idOf(device), null, actor, action)
    if (!outcome.ok) throw new Error(JSON.stringify(outcome))
    return outcome.alert.version
  }
  const close = { type: 'close', verdict: 'benign-positive', reason: `it's "known"\\` } as const
  const devices = [
    'new',
    'acked',
    'contained',
    'snoozed',
    'woken',
    'worse',
    'closed',
    'undone',
    'undone-contain',
    'reassigned',
    'breached',
    "o'clock",
  ]
  for (const [i, device] of devices.entries()) await found(i * 10 + 1, device)
  await act('acked', { type: 'acknowledge' })
  await act('contained', { type: 'contain', reason: 'unplugged' })
  await act('snoozed', { type: 'snooze', until: start + 3_600_000 })
  await act('snoozed', { type: 'assign', owner: 'bob' })
  await act('woken', { type: 'snooze', until: start + 3_600_000 })
  await act('woken', { type: 'wake' })
  await act('worse', { type: 'snooze', until: start + 3_600_000 })
  await found(201, 'worse', { severity: 'critical' })
  await act('closed', { type: 'assign', owner: 'ann' })
  await act('closed', close)
  await act('closed', { type: 'note', note: 'afterwards' })
  await found(202, 'closed')
  await act('undone', { type: 'undo', undoes: await act('undone', close) })
  await act('undone-contain', { type: 'undo', undoes: await act('undone-contain', { type: 'contain', reason: 'x' }) })
  await act('reassigned', { type: 'assign', owner: 'bob' })
  await act('reassigned', { type: 'assign', owner: null })
  const { id } = await desk.suppress('ann', {
    detector: 'replay',
    scope: { device: 'quiet' },
    reason: 'an update',
    expiresAt: start + 3_600_000,
  })
  await found(203, 'quiet')
  await desk.endSuppression('bob', id)
  await desk.raise({
    detector: 'paging',
    title: 'A channel is dead',
    device: 'channel:sms',
    site: null,
    severity: 'high',
    score: 1,
    why: 'no answer',
    evidence: [],
  })
  clock.pass(100 * 3_600_000)
  await act('breached', { type: 'note', note: 'late' })
  await until(
    'time has done its part',
    () => desk.stats()['waiting'] === 0 && desk.newest(Infinity).every((alert) => draftsByTime(alert, clock.now()).length === 0),
  )
  const types = new Set(events.map(({ type }) => type))
  expect(types.size).toBe(14)

  await store.landing.insert({ table: 'cases', format: 'JSONEachRow', values: rowsOf(events) })
  const wanted = desk.newest(Infinity).map(({ id, detector, title, device, site, severity, score, count, firstSeen, lastSeen, state, owner, verdict, why, sequence }) => ({
    id, detector, title, device, site, severity, score, count, firstSeen, lastSeen, state, owner, verdict, why, sequence,
  })) // prettier-ignore
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)
  const names = [
    'id',
    'detector',
    'title',
    'device',
    'site',
    'severity',
    'score',
    'count',
    'firstSeen',
    'lastSeen',
    'state',
    'owner',
    'verdict',
    'why',
    'sequence',
  ]
  const rows = await readRows<unknown[]>(
    store.query,
    `SELECT id, detector, title, device, site, severity, score, count, toUnixTimestamp64Milli(first_seen), toUnixTimestamp64Milli(last_seen), state, owner,
       verdict, why, sequence FROM alerts ${numbers}`,
  )
  const got = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])) as { id: string })
  expect(got.toSorted(byId)).toEqual(wanted.toSorted(byId))
  const details = await readRows<unknown[]>(
    store.query,
    `SELECT id, reason, closed_by, toUnixTimestamp64Milli(closed_at), toUnixTimestamp64Milli(snoozed_until), notes, previous, breaches FROM alerts ${numbers}`,
  )
  const breachesOf = (id: string): number => events.filter((event) => event.type === 'alert.breached' && event.alert === id).length
  expect(details.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual(
    desk
      .newest(Infinity)
      .toSorted(byId)
      .map((alert) => [
        alert.id,
        alert.reason,
        alert.closedBy,
        alert.closedAt,
        alert.snoozedUntil,
        alert.notes,
        alert.previous,
        breachesOf(alert.id),
      ]),
  )
  // A hidden finding is in no alert, and an action is not a finding of low severity.
  expect(
    await readRows(
      store.query,
      `SELECT count() FROM cases WHERE type = 'finding.suppressed' AND suppression != '' AND alert = '' ${numbers}`,
    ),
  ).toEqual([[1]])
  expect(
    await readRows(
      store.query,
      `SELECT count() FROM cases WHERE severity IS NOT NULL AND type LIKE 'alert.%' AND type != 'alert.raised' ${numbers}`,
    ),
  ).toEqual([[0]])
  await desk.close()
  await log.close()
})
