import { afterEach, describe, expect, it } from 'vitest'
import type { NotifierSettings } from '../../contracts/api/paging.ts'
import { refused } from './testing/fake-notifiers.ts'
import { pagerDutyNamed, ruleOf, startTestPager, type TestPager, webhookNamed } from './testing/pager.ts'

const mail = (over: Partial<Extract<NotifierSettings, { kind: 'email' }>> = {}) => ({
  title: 'Mail',
  enabled: true,
  settings: {
    kind: 'email' as const,
    host: 'mail.example',
    port: 587,
    tls: 'starttls' as const,
    user: 'ward',
    password: 's3cret password',
    from: 'w@h.example',
    to: ['o@h.example'],
    ...over,
  },
})
const hook = (settings: Partial<Extract<NotifierSettings, { kind: 'webhook' }>>) => ({
  title: 'Hook',
  enabled: true,
  settings: { kind: 'webhook', url: 'http://127.0.0.1:9/hook', secret: null, ...settings } as const,
})
const slack = (url: string | null) => ({ title: 'Slack', enabled: true, settings: { kind: 'slack', url } as const })

describe('notifiers', () => {
  let pager: TestPager
  afterEach(() => pager.close())
  const put = async (id: string, body: Parameters<TestPager['paging']['putNotifier']>[2]) => {
    const answer = await pager.paging.putNotifier('ana', id, body)
    return answer.ok ? 'ok' : answer.problem
  }

  it('secrets are written and never read: not in an answer, a page, a figure or the log', async () => {
    pager = await startTestPager(['night', 'pagerduty'], [ruleOf('critical')])
    await put('mail', mail())
    await put('slack', slack('https://hooks.slack.example/s3cret'))
    pager.fakes.answer('night', refused)
    pager.desk.find('a')
    await pager.time.pass(10_000)
    await pager.paging.test('slack')
    await pager.restart()
    const { paging } = pager
    const shown = JSON.stringify([paging.notifiers(), paging.rules(), paging.pages(), paging.stats(), pager.logged, pager.desk.raised])
    expect(shown).not.toContain('s3cret')
    expect(paging.notifiers().map(({ hasSecret }) => hasSecret)).toEqual([true, true, true, true])
    expect(JSON.stringify(pager.recorded())).toContain('s3cret')
  })

  it('who saw a channel before it changed does not change it, over a restart too; a new secret alone is a change', async () => {
    pager = await startTestPager(['night'], [])
    const seen = pager.paging.notifiers()[0]!.version
    await pager.restart()
    expect(pager.paging.notifiers()[0]!.version).toBe(seen)
    const same = hook({ secret: 'another' })
    expect(await pager.paging.putNotifier('bo', 'night', same, 0)).toMatchObject({ problem: 'ana has made a channel of that name' })
    expect(await pager.paging.putNotifier('bo', 'night', same, seen)).toMatchObject({ ok: true })
    expect(await pager.paging.putNotifier('ana', 'night', same, seen)).toMatchObject({ problem: 'bo has changed it meanwhile: look again' })
    expect(await pager.paging.deleteNotifier('ana', 'night', seen)).toMatchObject({ ok: false })
  })

  it('null keeps the secret, over a restart', async () => {
    pager = await startTestPager(['night'], [])
    expect(await put('night', hook({ url: 'http://127.0.0.1:9/elsewhere' }))).toBe('ok')
    await pager.restart()
    const settings = pager.recorded().findLast((event) => event.type === 'notifier.put')?.settings
    expect(settings).toMatchObject({ url: 'http://127.0.0.1:9/elsewhere', secret: 's3cret of the test' })
    expect(pager.paging.notifiers()[0]).toMatchObject({ hasSecret: true, settings: { secret: null } })
  })

  it('a secret that is sent does not follow to another server', async () => {
    pager = await startTestPager(['pagerduty'], [])
    const elsewhere = { kind: 'pagerduty', routingKey: null, url: 'http://attacker.example/' } as const
    expect(await put('pagerduty', { ...pagerDutyNamed('x'), settings: elsewhere })).toContain('give the secret again')
    expect(await put('pagerduty', { ...pagerDutyNamed('x'), settings: { ...elsewhere, url: 'http://127.0.0.1:9/v2' } })).toBe('ok')
    await put('mail', mail())
    for (const change of [{ host: 'attacker.example' }, { port: 2_525 }, { user: 'other' }, { tls: 'none' }] as const)
      expect(await put('mail', mail({ password: null, ...change }))).toContain('give the secret again')
    expect(await put('mail', mail({ password: null, to: ['x@h.example'], tls: 'required' }))).toBe('ok')
    // A webhook's secret is never sent.
    await put('night', webhookNamed('night'))
    expect(await put('night', hook({ url: 'http://other.example/' }))).toBe('ok')
  })

  const refusals: Record<string, [string, Parameters<TestPager['paging']['putNotifier']>[2], string]> = {
    'an unsigned webhook': ['a', hook({}), 'a webhook needs a secret'],
    'a webhook with a password in its address': ['a', hook({ url: 'http://u:p@h.example/', secret: 's' }), 'does not belong'],
    'Slack without an address': ['a', slack(null), 'Slack needs the address'],
    'Slack at a file': ['a', slack('file:///etc/passwd'), 'its address is not http'],
    'PagerDuty without a key': [
      'a',
      { title: 'p', enabled: true, settings: { kind: 'pagerduty', routingKey: null, url: 'http://x/' } },
      'routing key',
    ],
    'a user without a password': ['a', mail({ password: null }), 'a user needs a password'],
    'a bad id': ['../a', webhookNamed('a'), 'this is not a notifier'],
    'another kind does not take the secret over': ['night', slack(null), 'Slack needs'],
  }
  for (const [name, [id, body, problem]] of Object.entries(refusals))
    it(`${name} is refused, and nothing is recorded`, async () => {
      pager = await startTestPager(['night'], [])
      const before = pager.recorded().length
      expect(await put(id, body)).toContain(problem)
      expect(pager.recorded().length).toBe(before)
    })

  it('no more than there may be', async () => {
    pager = await startTestPager(['a', 'b'], [], { notifiersMax: 2 })
    expect(await put('c', webhookNamed('c'))).toContain('2 notifiers')
    expect(await put('b', webhookNamed('b'))).toBe('ok')
  })

  it('one that a rule names can not be deleted', async () => {
    pager = await startTestPager(['night', 'chief'], [ruleOf('critical')])
    expect(await pager.paging.deleteNotifier('ana', 'night')).toEqual({ ok: false, problem: 'rule critical names it' })
    expect(await pager.paging.deleteNotifier('ana', 'chief')).toEqual({ ok: true })
    expect(await pager.paging.deleteNotifier('ana', 'chief')).toMatchObject({ ok: false })
    await pager.restart()
    expect(pager.paging.notifiers().map(({ id }) => id)).toEqual(['night'])
    expect(pager.recorded().map((event) => ('actor' in event ? event.actor : null))).toEqual(['ana', 'ana', 'ana', 'ana'])
  })
})
