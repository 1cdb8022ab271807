import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outlastReceiver, type PagedPlatform, startPagedPlatform } from './platform/paged-platform.ts'
import { until } from './platform/until.ts'

// With the receiver away for the minute of the issue: paging.long.test.ts.
const awayMs = 5_000

describe('a whole platform pages', { timeout: 120_000 }, () => {
  let paged: PagedPlatform
  beforeAll(async () => {
    paged = await startPagedPlatform()
  }, 60_000)
  afterAll(() => paged?.stop())

  const recordedAs = (alert: string, state: string): Promise<void> =>
    until(`the page of ${alert} ${state}`, async () => (await paged.pages()).some((page) => page.alert === alert && page.state === state))

  it('within 5 s of a finding, signed; told further only when nobody acknowledges', async () => {
    await paged.clone('mon-1')
    const [first] = await paged.untilPaged('mon-1')
    const detail = await paged.admin.ask('GET', `/alerts/${first!.alert}`)
    const version = Number(detail.headers.get('etag')!.replaceAll('"', ''))
    expect((await paged.admin.ask('POST', `/alerts/${first!.alert}/acknowledge`, { version })).status).toBe(200)
    await paged.clone('mon-2')
    await paged.knock('box-1')
    const delays = [first!, (await paged.untilPaged('mon-2'))[0]!, (await paged.untilPaged('box-1'))[0]!]
    console.log(delays.map(({ severity, afterMs }) => `${severity} paged after ${afterMs} ms`).join(', '))
    expect(delays.map(({ severity }) => severity)).toEqual(['critical', 'critical', 'high'])
    for (const { afterMs } of delays) expect(afterMs).toBeLessThan(5_000)
    // The acknowledged one's step would have come before this one's.
    const [escalated] = await paged.untilPaged('mon-2', 'chief')
    expect(escalated!.afterMs).toBeGreaterThanOrEqual(3_000)
    expect(paged.arrived.filter(({ channel }) => channel === 'chief')).toEqual([escalated])
    expect((await paged.pages()).filter(({ alert }) => alert === first!.alert).map(({ notifier, state }) => [notifier, state])).toEqual(
      expect.arrayContaining([
        ['night', 'sent'],
        ['chief', 'dropped'],
      ]),
    )
  })

  it('a receiver that was away gets the page once when it comes back', async () => {
    const { arrived, page, attemptsWhileAway } = await outlastReceiver(paged, 'box-away', awayMs)
    expect(attemptsWhileAway).toBeGreaterThan(1)
    expect(arrived).toHaveLength(1)
    expect(page).toMatchObject({ id: arrived[0]!.key, state: 'sent', attempts: attemptsWhileAway + 1 })
  })

  it('kill -9 between two pages: the first is not sent again, the second is not lost', async () => {
    await paged.knock('box-before')
    const [before] = await paged.untilPaged('box-before')
    await recordedAs(before!.alert, 'sent')
    await paged.platform.killRole('hub')
    // What comes while nobody can page: the edge stands, and its log does.
    await paged.knock('box-after')
    await paged.clone('mon-3')
    await paged.untilPaged('box-after')
    await paged.untilPaged('mon-3')
    expect(await paged.untilPaged('box-before')).toEqual([before])
  })

  it('kill -9 while a page is under way: it is sent again, under the same key', async () => {
    paged.onPage(({ device }) => {
      if (device !== 'box-torn') return false
      paged.onPage(null)
      void paged.platform.killRole('hub')
      return true
    })
    await paged.knock('box-torn')
    const [first, second] = await paged.untilPaged('box-torn', 'night', 2)
    expect(second!.key).toBe(first!.key)
    await until('the desk', async () => (await paged.admin.ask('GET', '/session').catch(() => null))?.status === 200)
    await recordedAs(first!.alert, 'sent')
    // After a record of it nothing was sent again, in the whole run.
    const times = new Map<string, number>()
    for (const { key } of paged.arrived) times.set(key, (times.get(key) ?? 0) + 1)
    expect([...times].filter(([, count]) => count > 1)).toEqual([[first!.key, 2]])
  })
})
