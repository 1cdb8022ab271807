import { afterEach, describe, expect, it } from 'vitest'
import { createPagingFold, finishedKept } from './fold.ts'
import { ruleOf, startTestPager, type TestPager } from './testing/pager.ts'

describe('what is remembered is bounded', () => {
  let pager: TestPager
  afterEach(() => pager.close())
  const foldAgain = () => {
    const fold = createPagingFold()
    for (const event of pager.recorded()) fold.apply(event)
    return fold
  }

  it('closed alerts are forgotten, the newest pages stay to be seen, and a restart remembers no more', async () => {
    pager = await startTestPager(['night'], [ruleOf('critical')])
    const ids = Array.from({ length: finishedKept + 50 }, (_, i) => `alert-${i}`)
    for (const id of ids) {
      pager.desk.find(id)
      await pager.time.settle()
      pager.desk.close(id)
    }
    await pager.time.pass(120_000)
    expect(pager.paging.pages()).toHaveLength(finishedKept)
    expect(pager.paging.pages()[0]).toMatchObject({ alert: ids.at(-1), state: 'sent' })
    const fold = foldAgain()
    expect([...fold.alerts()]).toEqual([])
    const remembered = pager
      .recorded()
      .flatMap((event) => (event.type === 'page.queued' && fold.page(event.page) !== undefined ? [event.page] : []))
    expect(remembered).toHaveLength(finishedKept)
    await pager.kill()
    await pager.time.pass(120_000)
    expect(pager.told()).toHaveLength(ids.length)
  })

  it('an open alert is not forgotten, however much comes after it', async () => {
    pager = await startTestPager(['night'], [ruleOf('critical')])
    pager.desk.find('old')
    for (let i = 0; i < finishedKept + 20; i++) pager.desk.find(`alert-${i}`)
    await pager.time.pass(120_000)
    await pager.kill()
    pager.desk.find('old')
    await pager.time.pass(120_000)
    expect(pager.told().filter((page) => page === 'page old>night')).toHaveLength(1)
    expect(foldAgain().pagesOf('old')).toMatchObject([{ state: 'sent' }])
  })

  it('a close that can still be undone is not settled', async () => {
    pager = await startTestPager(['night'], [ruleOf('critical')], { settleEveryMs: 1_000 })
    pager.desk.find('a')
    await pager.time.settle()
    pager.desk.close('a')
    await pager.time.pass(15_000)
    pager.desk.undo('a')
    await pager.time.pass(60_000)
    expect(pager.told()).toEqual(['page a>night'])
    expect(pager.recorded().some(({ type }) => type === 'alert.settled')).toBe(false)
  })
})
