import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CaseEvent } from '../../contracts/case-event.ts'
import { type MemoryLog, openMemoryLog } from '../../stream/memory-log.ts'
import { settableClock, startDesk, take, until } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import type { Triage } from '../start-triage.ts'
import { nextDueAt } from './due.ts'
import { clockSettings } from './settings.ts'

const minuteMs = 60_000
const clocks = clockSettings.parse({
  critical: { acknowledgeMinutes: 5, containMinutes: 30 },
  low: { acknowledgeMinutes: null, containMinutes: null },
})
let log: MemoryLog
let clock: ReturnType<typeof settableClock>
let desk: Triage
let told: CaseEvent[]
const start = async () => {
  desk = await startDesk(log, { clock, clocks })
  desk.onEvent((event) => told.push(event))
}
beforeEach(async () => {
  log = openMemoryLog()
  clock = settableClock(0)
  told = []
  await start()
})
afterEach(() => desk.close())
const breaches = () => told.flatMap((event) => (event.type === 'alert.breached' ? [[event.clock, event.dueAt]] : []))
const looks = () => new Promise((resolve) => setTimeout(resolve, 20))
const open = async (severity: 'low' | 'high' | 'critical') => {
  await take(log, desk, [findingAt(1, { severity })])
  return desk.newest(1)[0]!.id
}

it('are set when the alert opens, from the settings of its severity', async () => {
  clock.set(1_000)
  const id = await open('critical')
  expect(desk.alert(id)!.due).toEqual({ acknowledgeBy: 1_000 + 5 * minuteMs, containBy: 1_000 + 30 * minuteMs })
  await take(log, desk, [findingAt(2, { severity: 'low', device: 'other' })])
  expect(desk.newest(1)[0]!.due).toEqual({ acknowledgeBy: null, containBy: null })
})

it('get shorter when it gets worse, never longer', async () => {
  const id = await open('high')
  expect(desk.alert(id)!.due.acknowledgeBy).toBe(60 * minuteMs)
  clock.set(58 * minuteMs)
  await take(log, desk, [findingAt(2, { severity: 'critical' })])
  expect(desk.alert(id)!.due).toEqual({ acknowledgeBy: 60 * minuteMs, containBy: 88 * minuteMs })
})

it('a breach is told once a clock, also one that fell into the time when the platform was away', async () => {
  const id = await open('critical')
  clock.set(5 * minuteMs)
  await until('the first breach', () => breaches().length > 0)
  await looks()
  expect(breaches()).toEqual([['acknowledge', 5 * minuteMs]])
  await desk.close()
  clock.set(45 * minuteMs)
  await start()
  await until('the second breach', () => desk.alert(id)!.breached.contain !== null)
  await looks()
  expect(desk.alert(id)!.breached).toEqual({ acknowledge: 5 * minuteMs, contain: 30 * minuteMs })
  await desk.close()
  await start()
  await looks()
  expect(desk.sequence).toBe(3)
  expect(desk.counts(null, clock.now()).pastDue).toBe(1)
})

it('acknowledging stops one, containing or closing the other', async () => {
  const id = await open('critical')
  await desk.act(id, null, 'ann', { type: 'acknowledge' })
  expect(nextDueAt(desk.alert(id)!)).toBe(30 * minuteMs)
  await desk.act(id, null, 'ann', { type: 'contain', reason: 'unplugged' })
  expect(nextDueAt(desk.alert(id)!)).toBeNull()
  await take(log, desk, [findingAt(2, { severity: 'critical', device: 'other' })])
  await desk.act(desk.newest(1)[0]!.id, null, 'ann', { type: 'close', verdict: 'other', reason: 'x' })
  clock.set(600 * minuteMs)
  await looks()
  expect(breaches()).toEqual([])
})

it('an action that comes after the time and before the timer does not hide the breach', async () => {
  await desk.close()
  desk = await startDesk(log, { clock, clocks, lookMs: 1_000_000 })
  desk.onEvent((event) => told.push(event))
  const id = await open('critical')
  clock.set(5 * minuteMs + 1)
  expect(await desk.act(id, desk.alert(id)!.version, 'ann', { type: 'acknowledge' })).toMatchObject({ ok: true })
  expect(breaches()).toEqual([['acknowledge', 5 * minuteMs]])
})

it('a snooze ends by time, also while the platform was away; the contain clock runs on meanwhile', async () => {
  const id = await open('critical')
  await desk.act(id, null, 'ann', { type: 'snooze', until: 60 * minuteMs })
  clock.set(40 * minuteMs)
  await until('the contain clock', () => desk.alert(id)!.breached.contain !== null)
  expect(desk.alert(id)!.state).toBe('snoozed')
  await desk.close()
  clock.set(61 * minuteMs)
  await start()
  await until('awake', () => desk.alert(id)!.state === 'acknowledged')
  expect(desk.alert(id)).toMatchObject({ snoozedUntil: null, acknowledgedBy: 'ann' })
})

it('a snoozed alert that gets worse wakes as a new one, with a new time to acknowledge; one more finding lets it sleep', async () => {
  const id = await open('high')
  await desk.act(id, null, 'ann', { type: 'snooze', until: 600 * minuteMs })
  clock.set(300 * minuteMs)
  await take(log, desk, [findingAt(2, { severity: 'high' })])
  expect(desk.alert(id)).toMatchObject({ state: 'snoozed', count: 2 })
  await take(log, desk, [findingAt(3, { severity: 'critical' })])
  expect(desk.alert(id)).toMatchObject({
    state: 'new',
    acknowledgedAt: null,
    snoozedUntil: null,
    count: 3,
    due: { acknowledgeBy: 305 * minuteMs },
  })
  expect(told.map(({ type }) => type).slice(-2)).toEqual(['alert.woken', 'finding.folded'])
  clock.set(305 * minuteMs)
  await until('the new clock', () => desk.alert(id)!.breached.acknowledge === 305 * minuteMs)
})
