import { afterEach, describe, expect, it } from 'vitest'
import type { PagingRule } from '../../contracts/api/paging.ts'
import type { PagingSettings } from './paging-settings.ts'
import type { Sent } from './port.ts'
import { away, refused, sentWell } from './testing/fake-notifiers.ts'
import { noonMs, ruleOf, startTestPager, type TestPager, webhookNamed } from './testing/pager.ts'

const everybody = ruleOf('all', { steps: [{ notifiers: ['night', 'chief'], afterMinutes: 0 }] })

describe('a channel', () => {
  let pager: TestPager
  afterEach(() => pager.close())
  const start = async (rules: readonly PagingRule[] = [ruleOf('critical')], settings: Partial<PagingSettings> = {}) => {
    pager = await startTestPager(['night', 'chief'], rules, settings)
    return pager
  }
  const find = async (...ids: string[]) => {
    for (const id of ids) pager.desk.find(id)
    await pager.time.settle()
  }
  const notifier = (id: string) => pager.paging.notifiers().find((one) => one.id === id)!
  const attemptsAt = (): number[] => pager.fakes.attempts.map(({ message }) => message.at - noonMs)

  it('that is away is tried again, each time after twice as long, up to a limit', async () => {
    await start([ruleOf('critical')], { retryMaxMs: 8_000 })
    pager.fakes.answer('night', away)
    await find('a')
    await pager.time.pass(20_000)
    expect(attemptsAt()).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500])
    expect(notifier('night')).toMatchObject({ health: 'failing', waiting: 1, lastProblem: 'it can not be reached' })
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(4_000)
    expect(pager.told()).toEqual(['page a>night'])
    expect(notifier('night')).toMatchObject({ health: 'alive', waiting: 0, lastProblem: null, lastSentAt: noonMs + 23_500 })
  })

  it('that was away for a minute gets each page once, in order, over a restart', async () => {
    await start()
    pager.fakes.answer('night', away)
    await find('a', 'b', 'c')
    await pager.time.pass(30_000)
    await pager.restart()
    await pager.time.pass(30_000)
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(60_000)
    expect(pager.told()).toEqual(['page a>night', 'page b>night', 'page c>night'])
  })

  it('says when to come again, and is left alone until then, over a restart too', async () => {
    await start()
    pager.fakes.answer('night', { outcome: 'retry', problem: 'it answered 429', afterMs: 90_000 })
    await find('a', 'b')
    await pager.time.pass(89_000)
    await pager.kill()
    expect(attemptsAt()).toEqual([0])
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(1_000)
    expect(attemptsAt()).toEqual([0, 90_000, 90_000])
  })

  it('that is slow delays no other', async () => {
    await start([everybody])
    pager.fakes.answer('night', new Promise<Sent>(() => {}))
    await find('a', 'b', 'c')
    expect(pager.told()).toEqual(['page a>chief', 'page b>chief', 'page c>chief'])
    expect(notifier('night').waiting).toBe(3)
  })

  it('that never answers is given up in time and tried again', async () => {
    await start([ruleOf('critical')], { sendTimeoutMs: 5_000 })
    pager.fakes.answer('night', new Promise<Sent>(() => {}))
    await find('a')
    await pager.time.pass(5_000)
    expect(notifier('night').lastProblem).toMatch(/reached|in time/)
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(1_000)
    expect(pager.told()).toEqual(['page a>night'])
  })

  it('sends one at a time', async () => {
    await start()
    const held = Promise.withResolvers<Sent>()
    pager.fakes.answer('night', held.promise)
    let begun = 0
    pager.fakes.onAttempt(() => begun++)
    await find('a', 'b')
    expect(begun).toBe(1)
    held.resolve(sentWell)
    await pager.time.settle()
    expect(pager.told()).toEqual(['page a>night', 'page b>night'])
  })

  it('a page that its receiver can not take does not stop the others', async () => {
    await start()
    pager.fakes.answer('night', ({ alert }) => (alert.id === 'poison' ? away : sentWell))
    await find('poison', 'a', 'b')
    await pager.time.pass(240_000)
    expect(pager.told()).toEqual(['page a>night', 'page b>night'])
  })

  it('a notifier that throws is a bug that is logged without what it said, and the page is tried again', async () => {
    await start()
    pager.fakes.answer('night', () => {
      throw new Error('s3cret')
    })
    await find('a')
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(1_000)
    expect(pager.told()).toEqual(['page a>night'])
    expect(pager.logged.join()).toContain('a notifier threw')
    expect(pager.logged.join()).not.toContain('s3cret')
  })

  it('a refused page has failed, is not tried again, and what comes after it is sent', async () => {
    await start()
    pager.fakes.answer('night', ({ alert }) => (alert.id === 'a' ? refused : sentWell))
    await find('a', 'b')
    await pager.time.pass(3_600_000)
    expect(pager.told()).toEqual(['page b>night'])
    expect(pager.paging.pages().find(({ alert }) => alert === 'a')).toMatchObject({
      state: 'failed',
      attempts: 1,
      problem: 'it refused the page: 410',
    })
  })

  it('new settings bring out what the old ones could not, if it is still wanted', async () => {
    await start()
    pager.fakes.answer('night', refused)
    await find('a', 'b')
    await pager.time.pass(10_000)
    pager.desk.acknowledge('b')
    pager.fakes.answer('night', sentWell)
    await pager.paging.putNotifier('ana', 'night', webhookNamed('night'))
    await pager.time.pass(1_000)
    expect(pager.told()).toEqual(['page a>night'])
  })

  it('a page that stays too long has failed, and says so', async () => {
    await start([ruleOf('critical')], { giveUpAfterMs: 60_000 })
    pager.fakes.answer('night', away)
    await find('a')
    await pager.time.pass(200_000)
    expect(pager.paging.pages()[0]).toMatchObject({
      state: 'failed',
      problem: expect.stringMatching(/^given up after \d+ attempts/) as string,
    })
    expect(notifier('night').waiting).toBe(0)
  })

  it('no more pages wait than there is room for; the rest says why it was dropped', async () => {
    await start([ruleOf('critical')], { pagesWaitingMax: 2 })
    pager.fakes.answer('night', away)
    await find('a', 'b', 'c')
    expect(notifier('night').waiting).toBe(2)
    expect(pager.paging.pages()[0]).toMatchObject({ alert: 'c', state: 'dropped', problem: 'more than 2 pages wait' })
    pager.fakes.answer('night', sentWell)
    await pager.time.pass(10_000)
    await find('c')
    expect(pager.told()).toEqual(['page a>night', 'page b>night', 'page c>night'])
  })

  describe('that is dead', () => {
    it('is an alert, which pages the others and never itself; that it works again is noted', async () => {
      await start([everybody])
      pager.fakes.answer('night', away)
      await find('a')
      await pager.time.pass(400_000)
      expect(pager.desk.raised).toHaveLength(1)
      expect(pager.desk.raised[0]).toMatchObject({ detector: 'paging-channel', device: 'channel:night', severity: 'critical', site: null })
      expect(pager.told()).toEqual(['page a>chief', 'page raised-1>chief'])
      expect(notifier('night').health).toBe('dead')
      await pager.restart()
      expect(notifier('night').health).toBe('dead')
      pager.fakes.answer('night', sentWell)
      await pager.time.pass(60_000)
      expect(notifier('night').health).toBe('alive')
      expect(pager.desk.notes).toEqual(['wardwatch on channel:night: The channel works again.'])
      expect(pager.told()).toEqual(['page a>chief', 'page raised-1>chief', 'page a>night'])
      expect(pager.desk.raised).toHaveLength(1)
    })

    it('with all the others: one alert each, and no loop', async () => {
      await start([everybody])
      pager.fakes.answer('night', away)
      pager.fakes.answer('chief', away)
      await find('a')
      await pager.time.pass(12 * 3_600_000)
      expect(pager.desk.raised.map(({ device }) => device).toSorted()).toEqual(['channel:chief', 'channel:night'])
      expect(pager.paging.pages()).toHaveLength(4)
      pager.fakes.answer('night', sentWell)
      pager.fakes.answer('chief', sentWell)
      await pager.time.pass(60_000)
      expect(pager.told().toSorted()).toEqual(['page a>chief', 'page a>night', 'page raised-1>chief', 'page raised-2>night'])
    })

    it('by one refusal: nobody was told', async () => {
      await start([everybody])
      pager.fakes.answer('night', refused)
      await find('a')
      expect(pager.desk.raised).toHaveLength(1)
      expect(pager.told()).toEqual(['page a>chief', 'page raised-1>chief'])
    })

    it('killed before it was recorded that the alert is raised: it folds into the open one', async () => {
      await start([everybody], { deadAfterFailures: 3 })
      pager.fakes.answer('night', away)
      await find('a')
      await pager.time.pass(400)
      // Two appends an attempt; the next one of the third attempt would be `channel.dead`.
      pager.dieAtAppend(3, 'before')
      await pager.time.pass(10_000)
      await pager.kill()
      await pager.time.pass(60_000)
      expect(new Set(pager.desk.raised.map(({ id }) => id)).size).toBe(1)
      expect(notifier('night').health).toBe('dead')
    })

    it('a test that arrives revives it, and what waits goes out at once', async () => {
      await start([everybody])
      pager.fakes.answer('night', away)
      await find('a')
      await pager.time.pass(400_000)
      expect(await pager.paging.test('night')).toEqual({ ok: false, problem: 'it can not be reached' })
      pager.fakes.answer('night', sentWell)
      expect(await pager.paging.test('night')).toEqual({ ok: true, problem: null })
      await pager.time.settle()
      expect(notifier('night')).toMatchObject({ health: 'alive', waiting: 0 })
      expect(pager.told()).toContain('page a>night')
    })
  })

  describe('and a death of the process', () => {
    it('while a page is under way: it goes out again under the same id', async () => {
      await start()
      pager.fakes.answer('night', new Promise<Sent>(() => {}))
      const ids: string[] = []
      pager.fakes.onAttempt((_to, { id }) => ids.push(id))
      await find('a')
      await pager.kill()
      pager.fakes.answer('night', sentWell)
      await pager.kill()
      expect(ids).toHaveLength(3)
      expect(new Set(ids).size).toBe(1)
      await pager.kill()
      expect(ids).toHaveLength(3)
    })

    it('between sending and recording: once more, under the same id, and then never', async () => {
      await start()
      pager.dieAtAppend(2, 'before')
      await find('a')
      await pager.kill()
      await pager.kill()
      const ids = pager.fakes.attempts.map(({ message }) => message.id)
      expect(ids).toHaveLength(2)
      expect(ids[0]).toBe(ids[1])
    })

    it('just after recording: not again', async () => {
      await start()
      pager.dieAtAppend(2, 'after')
      await find('a')
      await pager.kill()
      await pager.time.pass(3_600_000)
      expect(pager.told()).toEqual(['page a>night'])
    })
  })

  it('a process that may have lost its place sends nothing until it is sure, and then only what is still wanted', async () => {
    await start()
    pager.unsure(true)
    await find('a')
    await find('b')
    await pager.time.pass(600_000)
    expect(pager.fakes.attempts).toEqual([])
    pager.desk.acknowledge('a')
    pager.unsure(false)
    await pager.time.pass(1_000)
    expect(pager.told()).toEqual(['page b>night'])
    expect(pager.paging.stats()['waiting']).toBe(0)
  })

  it('a log that is away: what was sent is recorded when it is back, and not sent twice', async () => {
    await start()
    const held = Promise.withResolvers<Sent>()
    pager.fakes.answer('night', held.promise)
    await find('a')
    pager.logAway(true)
    held.resolve(sentWell)
    await pager.time.pass(10_000)
    pager.logAway(false)
    await pager.time.pass(1_000)
    await pager.kill()
    expect(pager.told()).toEqual(['page a>night'])
    expect(pager.paging.pages()[0]).toMatchObject({ state: 'sent' })
  })
})
