import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CaseEvent, undoMs } from '../../contracts/case-event.ts'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { AlertAction } from '../../contracts/triage-desk.ts'
import { type MemoryLog, openMemoryLog } from '../../stream/memory-log.ts'
import { settableClock, startDesk, take } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import type { Triage } from '../start-triage.ts'
import { verifyChain } from '../verify/verify-chain.ts'

let log: MemoryLog
let clock: ReturnType<typeof settableClock>
let desk: Triage
let id: string
beforeEach(async () => {
  log = openMemoryLog()
  clock = settableClock()
  desk = await startDesk(log, { clock })
  await take(log, desk, [findingAt(1)])
  id = desk.newest(1)[0]!.id
})
afterEach(async () => {
  expect(await verifyChain(log)).toMatchObject({ ok: true, events: desk.sequence })
  await desk.close()
})

const hourMs = 3_600_000
const act = (action: AlertAction, actor = 'ann', version: number | null = null) => desk.act(id, version, actor, action)
const done = async (action: AlertAction, actor = 'ann') => {
  const outcome = await act(action, actor)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome))
  return outcome
}
const close: AlertAction = { type: 'close', verdict: 'false-positive', reason: 'a test pump' }

describe('the life of an alert', () => {
  it('new, acknowledged, snoozed, woken, closed: each step says who and when', async () => {
    expect(desk.alert(id)).toMatchObject({ state: 'new', owner: null, notes: 0, version: 1 })
    clock.pass(1_000)
    expect((await done({ type: 'acknowledge' })).alert).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'ann',
      acknowledgedAt: 1_001_000,
    })
    expect((await done({ type: 'assign', owner: 'bob' })).alert.owner).toBe('bob')
    const until = clock.now() + hourMs
    expect((await done({ type: 'snooze', until }, 'bob')).alert).toMatchObject({
      state: 'snoozed',
      snoozedUntil: until,
      acknowledgedBy: 'ann',
    })
    expect((await done({ type: 'wake' })).alert).toMatchObject({ state: 'acknowledged', snoozedUntil: null })
    expect((await done({ type: 'note', note: 'called the ward' })).alert.notes).toBe(1)
    expect((await done({ type: 'contain', reason: 'unplugged' })).alert).toMatchObject({ containedAt: clock.now(), state: 'acknowledged' })
    const closed = await done(close)
    expect(closed.alert).toMatchObject({ state: 'closed', closedBy: 'ann', verdict: 'false-positive', reason: 'a test pump' })
    expect(closed.event).toMatchObject({ type: 'alert.closed', actor: 'ann', sequence: closed.alert.version })
    expect((await done({ type: 'note', note: 'afterwards' })).alert).toMatchObject({ state: 'closed', notes: 2 })
  })

  it.each<[string, AlertAction]>([
    ['snoozes', { type: 'snooze', until: 2_000_000 }],
    ['contains', { type: 'contain', reason: 'unplugged' }],
    ['closes', close],
  ])('who %s a new alert acknowledges it', async (_, action) => {
    expect((await done(action)).alert).toMatchObject({ acknowledgedBy: 'ann', acknowledgedAt: clock.now() })
  })

  const refusals: [string, AlertAction[], AlertAction, RegExp][] = [
    ['acknowledging twice', [{ type: 'acknowledge' }], { type: 'acknowledge' }, /ann has acknowledged it/],
    ['acknowledging a snoozed one', [{ type: 'snooze', until: 2_000_000 }], { type: 'acknowledge' }, /wake it first/],
    ['closing twice', [close], close, /ann closed it at/],
    ['assigning a closed one', [close], { type: 'assign', owner: 'bob' }, /ann closed it at/],
    ['assigning to its owner', [{ type: 'assign', owner: 'bob' }], { type: 'assign', owner: 'bob' }, /bob's already/],
    ['waking one that is awake', [], { type: 'wake' }, /not snoozed/],
    ['containing twice', [{ type: 'contain', reason: 'x' }], { type: 'contain', reason: 'x' }, /contained since/],
    ['a snooze that is over', [], { type: 'snooze', until: 1_000_000 }, /in the future/],
    ['a snooze of no time', [], { type: 'snooze', until: Number.NaN }, /in the future/],
    ['a snooze of 8 days', [], { type: 'snooze', until: 1_000_000 + 8 * 24 * hourMs }, /at most 7 days/],
  ]
  it.each(refusals)('%s is refused, and records nothing', async (_, before, action, detail) => {
    for (const one of before) await done(one)
    const { sequence } = desk
    expect(await act(action)).toMatchObject({ ok: false, reason: 'not-now', detail: expect.stringMatching(detail) })
    expect(desk.sequence).toBe(sequence)
  })

  it('an alert that nobody knows is told', async () => {
    expect(await desk.act('AL-none', null, 'ann', { type: 'acknowledge' })).toEqual({ ok: false, reason: 'no-alert' })
  })
})

describe('two people at once', () => {
  it('the second gets to know who changed what, and when', async () => {
    const { version } = desk.alert(id)!
    const both = await Promise.all([act({ type: 'acknowledge' }, 'ann', version), act(close, 'bob', version)])
    expect(both[0]).toMatchObject({ ok: true })
    expect(both[1]).toMatchObject({
      ok: false,
      reason: 'conflict',
      by: 'ann',
      change: 'alert.acknowledged',
      at: clock.now(),
      alert: { state: 'acknowledged' },
    })
  })

  it('one more finding is no conflict; one that makes it worse is', async () => {
    const { version } = desk.alert(id)!
    await take(log, desk, [findingAt(2), findingAt(3, { severity: 'low' })])
    expect(desk.alert(id)).toMatchObject({ version, count: 3, sequence: 3 })
    const seen = (await act({ type: 'acknowledge' }, 'ann', version)) as { alert: { version: number } }
    await take(log, desk, [findingAt(4, { severity: 'critical' })])
    expect(await act(close, 'ann', seen.alert.version)).toMatchObject({ reason: 'conflict', by: 'wardwatch', change: 'finding.folded' })
  })

  it('a clock that runs out is no conflict', async () => {
    const { version } = desk.alert(id)!
    clock.pass(1_000 * hourMs)
    expect(await act({ type: 'acknowledge' }, 'ann', version)).toMatchObject({
      ok: true,
      alert: { breached: { acknowledge: expect.any(Number) } },
    })
  })
})

describe('undo', () => {
  it.each<[string, AlertAction[], AlertAction]>([
    ['an acknowledgement', [], { type: 'acknowledge' }],
    ['an owner', [{ type: 'assign', owner: 'bob' }], { type: 'assign', owner: null }],
    ['a snooze', [], { type: 'snooze', until: 2_000_000 }],
    ['a wake-up', [{ type: 'snooze', until: 2_000_000 }], { type: 'wake' }],
    ['a containment', [], { type: 'contain', reason: 'x' }],
    ['a closing', [{ type: 'acknowledge' }], close],
  ])('takes back %s: everything of the workflow is as it was', async (_, before, action) => {
    for (const one of before) await done(one)
    const was = desk.alert(id)!
    const { version } = (await done(action)).alert
    clock.pass(undoMs)
    const undone = await done({ type: 'undo', undoes: version })
    const { sequence: _s, version: _v, lastChange: _l, ...rest } = was
    expect(undone.alert).toMatchObject(rest)
    expect(undone.event).toMatchObject({ type: 'alert.undone', undoes: version })
  })

  it('works across a restart', async () => {
    const { version } = (await done(close)).alert
    await desk.close()
    desk = await startDesk(log, { clock })
    expect((await done({ type: 'undo', undoes: version })).alert).toMatchObject({ state: 'new', verdict: null })
  })

  it('is refused when it is late, of somebody else, not the last change, of a note, and of an undo', async () => {
    const first = (await done({ type: 'acknowledge' })).alert.version
    expect(await act({ type: 'undo', undoes: first }, 'bob')).toMatchObject({
      reason: 'not-now',
      detail: expect.stringMatching(/ann's action/),
    })
    clock.pass(undoMs + 1)
    expect(await act({ type: 'undo', undoes: first })).toMatchObject({ reason: 'not-now', detail: expect.stringMatching(/for 10 s/) })
    await done({ type: 'assign', owner: 'bob' }, 'bob')
    expect(await act({ type: 'undo', undoes: first })).toMatchObject({
      reason: 'not-now',
      detail: expect.stringMatching(/not the last change: bob/),
    })
    const note = (await done({ type: 'note', note: 'x' })).alert.version
    expect(await act({ type: 'undo', undoes: note })).toMatchObject({
      reason: 'not-now',
      detail: expect.stringMatching(/can not be taken back/),
    })
    const snooze = (await done({ type: 'snooze', until: 2_000_000 })).alert.version
    const undone = (await done({ type: 'undo', undoes: snooze })).alert.version
    expect(await act({ type: 'undo', undoes: undone })).toMatchObject({
      reason: 'not-now',
      detail: expect.stringMatching(/can not be taken back/),
    })
  })

  it('of a closing is refused once another alert has followed: there is one open alert for a detector on a device', async () => {
    const { version } = (await done(close)).alert
    await take(log, desk, [findingAt(2)])
    expect(await act({ type: 'undo', undoes: version })).toMatchObject({
      reason: 'not-now',
      detail: expect.stringMatching(/has followed it/),
    })
  })
})

it('closing does not hide the next attack: a new alert follows, and says which', async () => {
  await done(close)
  await take(log, desk, [findingAt(2), findingAt(3)])
  const [next] = desk.newest(1)
  expect(next).toMatchObject({ state: 'new', count: 2, previous: id, device: 'pump-1' })
  expect(desk.alert(id)).toMatchObject({ state: 'closed', count: 1 })
})

describe('bulk', () => {
  it('one event an alert, in one append; those that moved on are told and do not stop the others', async () => {
    await take(
      log,
      desk,
      Array.from({ length: 499 }, (_, i) => findingAt(i + 2, { device: `d${i}` })),
    )
    const alerts = desk.newest(500).map(({ id, version }) => ({ id, version }))
    await done({ type: 'note', note: 'mine' }, 'bob')
    const told: CaseEvent[] = []
    desk.onEvent((event) => told.push(event))
    const { appends } = desk.stats()
    const outcomes = await desk.bulk('ann', 'bulk-1', { type: 'close', verdict: 'other', reason: 'an exercise' }, alerts)
    expect(desk.stats()['appends']).toBe(appends! + 1)
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(499)
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ id, reason: 'conflict', by: 'bob' })
    expect(told).toHaveLength(499)
    expect(told.every((event) => event.type === 'alert.closed' && event.bulk === 'bulk-1')).toBe(true)
    expect(desk.counts(null, clock.now()).tabs).toMatchObject({ triage: 1, closed: 499 })
  })

  it('takes no more than 500', async () => {
    const alerts = Array.from({ length: 501 }, () => ({ id, version: 1 }))
    await expect(desk.bulk('ann', 'b', { type: 'acknowledge' }, alerts)).rejects.toThrow(RangeError)
  })
})

it('an answer comes only when its event is on disk; while the disk is full, an action is refused at once and the one that waits goes through later', async () => {
  await desk.close()
  let full = true
  const full_ = { ...log, append: (async (topic, records) => {
    if (full && topic === 'cases.v1') throw new LogUnavailable('disk-full', 'no space')
    return log.append(topic, records)
  }) satisfies typeof log.append } // prettier-ignore
  desk = await startDesk(full_, { clock })
  let answered = false
  const first = act({ type: 'acknowledge' }).finally(() => (answered = true))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(answered).toBe(false)
  await expect(act({ type: 'note', note: 'x' })).rejects.toThrow(LogUnavailable)
  full = false
  expect(await first).toMatchObject({ ok: true })
  expect(await act({ type: 'note', note: 'x' })).toMatchObject({ ok: true })
})
