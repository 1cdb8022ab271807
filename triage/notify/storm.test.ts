import { afterEach, describe, expect, it } from 'vitest'
import type { Severity } from '../../contracts/finding.ts'
import { headlineOf, titleOf } from './headline.ts'
import { away, refused, sentWell } from './testing/fake-notifiers.ts'
import { ruleOf, startTestPager, type TestPager, webhookNamed } from './testing/pager.ts'

const minuteMs = 60_000
const limits = { stormAlertsMax: 5, stormWindowMs: 5 * minuteMs }
const everything = ruleOf('all', { severities: ['low', 'medium', 'high', 'critical'] })

describe('a storm of alerts is not a storm of pages', () => {
  let pager: TestPager
  afterEach(() => pager.close())
  const start = async (channels: readonly string[] = ['night']) => {
    pager = await startTestPager(channels, [{ ...everything, steps: [{ notifiers: [...channels], afterMinutes: 0 }] }], limits)
  }
  const find = (from: number, to: number, severity: Severity = 'high') => {
    for (let n = from; n <= to; n++) pager.desk.find(`a${n}`, { severity })
  }
  const sent = () => pager.fakes.attempts.filter((one) => one.sent === 'sent').map(({ message }) => message)
  const storms = () => sent().flatMap(({ storm }) => (storm === null ? [] : [storm.alerts]))
  const single = () => sent().filter(({ kind }) => kind === 'page').length

  it('as many as the limit go out by themselves, the others at once in one page that says how many and how bad', async () => {
    await start()
    find(1, 38)
    find(39, 40, 'critical')
    await pager.time.pass(1_000)
    // The two critical ones are no business of the five high ones: they went out by themselves.
    expect([single(), storms()]).toEqual([7, [33]])
    expect(sent().at(-1)).toMatchObject({ kind: 'storm', storm: { alerts: 33, critical: 0, high: 33, medium: 0, low: 0 } })
    expect(titleOf(sent().at(-1)!)).toBe('HIGH 33 more alerts, too many to page one by one: 33 high')
    expect(headlineOf(sent().at(-1)!)).toContain('. The worst: Replay on ')
    const pages = pager.paging.pages()
    expect(pages.filter(({ state }) => state === 'grouped')).toHaveLength(33)
    expect(pages.find(({ kind }) => kind === 'storm')).toMatchObject({ state: 'sent', alerts: 33 })
    expect(pager.paging.stats()).toMatchObject({ waiting: 0, grouped: 33 })
    // A thousand more findings on them say nothing new.
    find(1, 38)
    await pager.time.pass(20 * minuteMs)
    expect([single(), storms()]).toEqual([7, [33]])
  })

  it('what comes in the same window waits for its end; when it is over, an alert is a page again', async () => {
    await start()
    find(1, 8)
    await pager.time.pass(minuteMs)
    expect([single(), storms()]).toEqual([5, [3]])
    find(9, 30)
    await pager.time.pass(2 * minuteMs)
    expect([single(), storms()]).toEqual([5, [3]])
    await pager.time.pass(2 * minuteMs)
    expect([single(), storms()]).toEqual([10, [3, 17]])
    await pager.time.pass(10 * minuteMs)
    find(31, 31)
    await pager.time.pass(1_000)
    expect(sent().at(-1)).toMatchObject({ kind: 'page', alert: { id: 'a31' } })
  })

  it('a worse alert is not held back by a storm of lesser ones', async () => {
    await start()
    find(1, 20, 'medium')
    await pager.time.pass(minuteMs)
    find(21, 21, 'critical')
    await pager.time.pass(1_000)
    expect(sent().at(-1)).toMatchObject({ kind: 'page', alert: { id: 'a21', severity: 'critical' } })
  })

  it('each channel has its own storm', async () => {
    await start(['night', 'chief'])
    find(1, 9)
    await pager.time.pass(1_000)
    expect(
      pager.fakes.attempts
        .filter(({ message }) => message.storm?.alerts === 4)
        .map(({ to }) => to)
        .toSorted(),
    ).toEqual(['chief', 'night'])
  })

  it('whom somebody has taken meanwhile is not counted, and nobody is told of none', async () => {
    await start()
    find(1, 8)
    await pager.time.pass(1_000)
    find(9, 12)
    await pager.time.pass(1_000)
    for (const id of ['a9', 'a10', 'a11']) pager.desk.acknowledge(id)
    await pager.time.pass(10 * minuteMs)
    expect([single(), storms()]).toEqual([6, [3]])
    find(13, 20)
    await pager.time.settle()
    pager.fakes.answer('night', away)
    find(21, 22)
    await pager.time.pass(5 * minuteMs)
    for (let n = 13; n <= 22; n++) pager.desk.close(`a${n}`)
    pager.fakes.answer('night', sentWell)
    const before = storms().length
    await pager.time.pass(10 * minuteMs)
    expect(storms().length).toBe(before)
    expect(pager.paging.stats()['waiting']).toBe(0)
  })

  it('a channel that is away gets the page for many when it is back, under the same id, over a death in between', async () => {
    await start()
    pager.fakes.answer('night', (message) => (message.kind === 'storm' ? away : sentWell))
    find(1, 30)
    await pager.time.pass(30_000)
    await pager.kill()
    await pager.time.pass(30_000)
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(minuteMs)
    const ids = pager.fakes.attempts.filter(({ message }) => message.kind === 'storm').map(({ message }) => message.id)
    expect(ids.length).toBeGreaterThan(2)
    expect(new Set(ids).size).toBe(1)
    expect([single(), storms()]).toEqual([5, [25]])
  })

  it.each(['before', 'after'] as const)(
    'a death %s it is recorded that they go together loses none and tells none twice',
    async (moment) => {
      await start()
      find(1, 5)
      await pager.time.pass(1_000)
      pager.dieAtAppend(2, moment)
      find(6, 9)
      await pager.time.pass(1_000)
      await pager.kill()
      await pager.time.pass(10 * minuteMs)
      expect([single(), storms()]).toEqual([5, [4]])
    },
  )

  it('a page for many that its channel refused for good, and whose worst alert is closed: at their next finding the others are told', async () => {
    await start()
    pager.fakes.answer('night', (message) => (message.kind === 'storm' ? refused : sentWell))
    find(1, 5)
    await pager.time.pass(1_000)
    find(6, 6, 'high')
    find(7, 9, 'medium')
    await pager.time.pass(2 * minuteMs)
    expect(pager.paging.pages().find(({ kind }) => kind === 'storm')).toMatchObject({ state: 'failed', alert: 'a6' })
    pager.desk.close('a6')
    await pager.time.pass(20 * minuteMs)
    pager.fakes.answer('night', sentWell)
    find(7, 9, 'medium')
    await pager.time.pass(minuteMs)
    expect(
      sent()
        .slice(-3)
        .map(({ alert }) => alert.id)
        .toSorted(),
    ).toEqual(['a7', 'a8', 'a9'])
  })

  it('a channel that is turned off before its page for many went out was told of none of them: on again, and at the next finding, it is', async () => {
    await start()
    pager.fakes.answer('night', (message) => (message.kind === 'storm' ? away : sentWell))
    find(1, 7)
    await pager.time.pass(2_000)
    await pager.paging.putNotifier('ana', 'night', { ...webhookNamed('night'), enabled: false })
    await pager.time.pass(20 * minuteMs)
    expect(pager.paging.pages().filter(({ state }) => state === 'dropped')).toHaveLength(3)
    pager.fakes.answer('night', sentWell)
    await pager.paging.putNotifier('ana', 'night', webhookNamed('night'))
    find(1, 7)
    await pager.time.pass(minuteMs)
    expect(single()).toBe(7)
  })
})
