import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type MemoryLog, openMemoryLog } from '../../stream/memory-log.ts'
import { settableClock, startDesk, take, until } from '../desk.fixture.ts'
import { findingAt } from '../findings.fixture.ts'
import type { Triage } from '../start-triage.ts'
import { verifyChain } from '../verify/verify-chain.ts'

let log: MemoryLog
let clock: ReturnType<typeof settableClock>
let desk: Triage
const describeDevice = (device: string) => (device.startsWith('pump') ? { ward: 'icu', model: 'pump-x' } : null)
const start = async (lookMs = 2) => {
  desk = await startDesk(log, { clock, describe: describeDevice, lookMs })
}
beforeEach(async () => {
  log = openMemoryLog()
  clock = settableClock()
  await start()
})
afterEach(async () => {
  expect(await verifyChain(log)).toMatchObject({ ok: true })
  await desk.close()
})
const expiresAt = 2_000_000
const suppress = (over: Partial<Parameters<Triage['suppress']>[1]> = {}) =>
  desk.suppress('ann', { detector: 'replay', scope: { device: 'pump-1' }, reason: 'a firmware update', expiresAt, ...over })

it('hides one detector on one device; what it hides is counted and shown', async () => {
  const { id } = await suppress()
  await take(log, desk, [findingAt(1), findingAt(2), findingAt(3, { device: 'pump-2' }), findingAt(4, { detector: 'flood' })])
  expect(desk.newest(9).map(({ detector, device }) => [detector, device])).toEqual([
    ['flood', 'pump-1'],
    ['replay', 'pump-2'],
  ])
  expect(desk.suppressions()).toMatchObject([{ id, owner: 'ann', reason: 'a firmware update', hidden: 2, lastHiddenAt: 1_002 }])
  expect(desk.counts(null, clock.now()).suppressed).toEqual({ active: 1, hidden: 2 })
})

it('hides one detector on a model, as the registry knows it', async () => {
  await suppress({ scope: { model: 'pump-x' } })
  await take(log, desk, [findingAt(1), findingAt(2, { device: 'pump-2' }), findingAt(3, { device: 'monitor-1' })])
  expect(desk.newest(9).map(({ device }) => device)).toEqual(['monitor-1'])
})

it('a hidden finding that is delivered again after a crash is counted once', async () => {
  await suppress()
  await take(log, desk, [findingAt(1), findingAt(2)])
  await desk.close()
  await start()
  await take(log, desk, [findingAt(1), findingAt(2), findingAt(3)])
  expect(desk.suppressions()).toMatchObject([{ hidden: 3 }])
  expect(desk.stats()).toMatchObject({ repeats: 2, suppressed: 1 })
})

it('an open alert goes on, so that nothing is hidden from those who work on it; after its closing no new one opens', async () => {
  await take(log, desk, [findingAt(1)])
  const { id } = desk.newest(1)[0]!
  await suppress()
  await take(log, desk, [findingAt(2)])
  expect(desk.alert(id)!.count).toBe(2)
  await desk.act(id, null, 'ann', { type: 'close', verdict: 'benign-positive', reason: 'x' })
  await take(log, desk, [findingAt(3)])
  expect(desk.newest(9)).toHaveLength(1)
  expect(desk.suppressions()).toMatchObject([{ hidden: 1 }])
})

describe('its end', () => {
  it('comes by time, and is written', async () => {
    const { id } = await suppress()
    clock.set(expiresAt)
    await until('expired', () => desk.suppressions()[0]!.endedAt !== null)
    expect(desk.suppressions()).toMatchObject([{ id, endedAt: expiresAt, endedBy: 'wardwatch' }])
    await take(log, desk, [findingAt(1)])
    expect(desk.newest(9)).toHaveLength(1)
  })

  it("counts before its event is written: by now, and by the finding's own time", async () => {
    await desk.close()
    await start(1_000_000)
    await suppress()
    await take(log, desk, [findingAt(1, { at: expiresAt })])
    expect(desk.newest(9)).toHaveLength(1)
    await desk.act(desk.newest(1)[0]!.id, null, 'ann', { type: 'close', verdict: 'other', reason: 'x' })
    clock.set(expiresAt)
    await take(log, desk, [findingAt(2, { at: 1_000 })])
    expect(desk.newest(9)).toHaveLength(2)
    expect(desk.suppressions()).toMatchObject([{ hidden: 0, endedAt: null }])
    expect(desk.counts(null, clock.now()).suppressed).toEqual({ active: 0, hidden: 0 })
  })

  it('comes by hand, once', async () => {
    const { id } = await suppress()
    clock.pass(5)
    expect(await desk.endSuppression('bob', id)).toMatchObject({ endedBy: 'bob', endedAt: clock.now() })
    expect(await desk.endSuppression('ann', id)).toMatchObject({ endedBy: 'bob' })
    expect(await desk.endSuppression('ann', 'SU-none')).toBeNull()
    await take(log, desk, [findingAt(1)])
    expect(desk.newest(9)).toHaveLength(1)
  })
})

it.each<[string, Partial<Parameters<Triage['suppress']>[1]>]>([
  ['a site', { scope: { device: 'site:north' } }],
  ['a paging channel', { scope: { device: 'channel:sms' } }],
  ['the overflow', { scope: { device: 'overflow' } }],
  ['a severity', { scope: { severity: 'low' } as never }],
  ['everything', { scope: {} as never }],
  ['for ever', { expiresAt: Infinity }],
  ['91 days', { expiresAt: 1_000_000 + 91 * 86_400_000 }],
  ['no time', { expiresAt: 1_000_000 }],
  ['no reason', { reason: '' }],
])('can not be made for %s', async (_, over) => {
  await expect(suppress(over)).rejects.toThrow(/one device or one model|within 90 days|too_small/i)
  expect(desk.sequence).toBe(0)
})
