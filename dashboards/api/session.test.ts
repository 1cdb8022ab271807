import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Logger } from '../../contracts/logger.ts'
import { openAccounts } from '../accounts/open-accounts.ts'
import { createMemoryTopicLog, type MemoryTopicLog } from '../testing/memory-topic-log.ts'
import { cookiesOf, createTestDesk, host, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
let log: MemoryTopicLog
const lines: string[] = []
const logger: Logger = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (fields: object, message: string) => lines.push(JSON.stringify([level, message, fields])),
  ]),
) as unknown as Logger

beforeEach(async () => {
  lines.length = 0
  log = createMemoryTopicLog()
  desk = await createTestDesk({ log, logger })
})
afterEach(() => desk.close())

const password = 'correct horse battery'
const link = (code: string, headers = {}) => desk.ask({ method: 'POST', url: '/api/v1/session/link', body: { code }, headers })
const newCode = async (account: string): Promise<string> => {
  const made = await desk.parts.accounts.people.link('wardwatch', account)
  return made.ok ? made.link.code : ''
}
const byPassword = (account: string, secret: string, from = '10.0.0.1', headers = {}) =>
  desk.ask({ method: 'POST', url: '/api/v1/session/password', body: { account, password: secret }, from, headers })
const session = (headers: Record<string, string>) => desk.ask({ url: '/api/v1/session', headers })
const setPassword = async (account: 'analyst' | 'admin' | 'viewer'): Promise<void> => {
  const who = desk.browsers[account]
  const changed = await desk.as(who, { method: 'PUT', url: '/api/v1/session/password', body: { current: null, next: password } })
  expect(changed.statusCode, changed.body).toBe(200)
  who.cookie = cookiesOf(changed)
  who.csrf = changed.json<{ csrfToken: string }>().csrfToken
}

describe('one-time links', () => {
  it('sign in once', async () => {
    const code = await newCode('analyst')
    expect((await link(code)).statusCode).toBe(200)
    const again = await link(code)
    expect(again.statusCode).toBe(401)
    expect(again.cookies).toEqual([])
  })
  it('sign in once, also when a hundred try at the same moment', async () => {
    const code = await newCode('analyst')
    const all = await Promise.all(Array.from({ length: 100 }, () => link(code)))
    expect(all.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
  })
  it('are void after their time', async () => {
    const code = await newCode('analyst')
    desk.clock.nowMs += 24 * 3_600_000
    expect((await link(code)).statusCode).toBe(401)
  })
  it('are void when a newer one was made', async () => {
    const code = await newCode('analyst')
    await newCode('analyst')
    expect((await link(code)).statusCode).toBe(401)
  })
  it('carry their code behind the #, and neither log nor topic holds it', async () => {
    const made = await desk.as(desk.browsers.admin, { method: 'POST', url: '/api/v1/accounts/analyst/link' })
    const { url } = made.json<{ url: string }>()
    const code = url.split('#code=')[1]!
    expect(url).toBe(`http://${host}/sign-in#code=${code}`)
    expect(code).toMatch(/^[\w-]{43}$/)
    expect((await link(code)).statusCode).toBe(200)
    expect(lines.join('\n')).not.toContain(code)
    expect(log.texts('accounts.v1').join('\n')).not.toContain(code)
  })
})

describe('sessions', () => {
  it('have a cookie that no script and no other site can use', async () => {
    const response = await link(await newCode('analyst'))
    const cookie = response.headers['set-cookie'] as string[]
    expect(cookie[0]).toMatch(/^wardwatch-session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Strict$/)
  })
  it('leave only a hash in the log, and no secret in any line', async () => {
    const secret = /wardwatch-session=([\w-]+)/.exec(desk.browsers.analyst.cookie)![1]!
    expect(log.texts('accounts.v1').join('\n')).not.toContain(secret)
    expect(lines.join('\n')).not.toContain(secret)
  })
  it('fixation: a session that a browser brings along is not taken up by signing in', async () => {
    const planted = 'A'.repeat(43)
    const response = await link(await newCode('analyst'), { cookie: `wardwatch-session=${planted}` })
    expect(response.cookies.find(({ name }) => name === 'wardwatch-session')!.value).not.toBe(planted)
    expect((await session({ cookie: `wardwatch-session=${planted}` })).statusCode).toBe(401)
  })
  it("fixation: a victim's sign-in over an attacker's live session gives a new one, and the attacker's stays the attacker's", async () => {
    const before = desk.browsers.viewer.cookie
    const response = await link(await newCode('admin'), { cookie: before })
    expect(response.json<{ account: string }>().account).toBe('admin')
    expect((await session({ cookie: before })).json<{ account: string }>().account).toBe('viewer')
  })
  it('signing in again in the same browser ends the session before', async () => {
    const before = desk.browsers.analyst.cookie
    expect((await link(await newCode('analyst'), { cookie: before })).statusCode).toBe(200)
    expect((await session({ cookie: before })).statusCode).toBe(401)
  })
  it('a cookie that comes twice is none: another site has planted one of them', async () => {
    const { cookie } = desk.browsers.analyst
    expect((await session({ cookie: `${cookie}; wardwatch-session=${'B'.repeat(43)}` })).statusCode).toBe(401)
  })
  it.each([
    ['forged', 'wardwatch-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['empty', 'wardwatch-session='],
    ['a path', 'wardwatch-session=../../etc/passwd'],
    ['longer than any', `wardwatch-session=${'A'.repeat(5_000)}`],
    ['a prototype key', 'wardwatch-session=__proto__constructor'],
  ])('%s is nobody', async (_what, cookie) => expect((await session({ cookie })).statusCode).toBe(401))
  it('one letter changed is nobody', async () => {
    const { cookie } = desk.browsers.analyst
    const changed = cookie.replace(/wardwatch-session=./, (text) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`)
    expect((await session({ cookie: changed })).statusCode).toBe(401)
  })
  it('end after the idle time and after the absolute time, however busy', async () => {
    const { cookie } = desk.browsers.analyst
    desk.clock.nowMs += 7.9 * 3_600_000
    expect((await session({ cookie })).statusCode).toBe(200)
    desk.clock.nowMs += 7.9 * 3_600_000
    expect((await session({ cookie })).statusCode).toBe(200)
    desk.clock.nowMs += 7.9 * 3_600_000
    expect((await session({ cookie })).statusCode).toBe(200)
    desk.clock.nowMs += 0.4 * 3_600_000
    expect((await session({ cookie })).statusCode).toBe(401)
    const idle = await desk.signIn('analyst')
    desk.clock.nowMs += 8 * 3_600_000
    expect((await session({ cookie: idle.cookie })).statusCode).toBe(401)
  })
  it('end on sign-out, and the cookie is taken away', async () => {
    const who = desk.browsers.analyst
    const out = await desk.as(who, { method: 'DELETE', url: '/api/v1/session' })
    expect(out.statusCode).toBe(204)
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0')
    expect((await session({ cookie: who.cookie })).statusCode).toBe(401)
  })
  it.each([[{ role: 'viewer' }], [{ disabled: true }]])('end when an admin changes %j', async (change) => {
    const { cookie } = desk.browsers.analyst
    const changed = await desk.as(desk.browsers.admin, {
      method: 'PATCH',
      url: '/api/v1/accounts/analyst',
      body: change,
      headers: { 'if-match': '"1"' },
    })
    expect(changed.statusCode, changed.body).toBe(200)
    expect((await session({ cookie })).statusCode).toBe(401)
  })
  it('go on over a restart of the hub', async () => {
    await desk.parts.accounts.close()
    const again = await openAccounts({ log, clock: desk.clock, logger })
    const secret = /wardwatch-session=([\w-]+)/.exec(desk.browsers.analyst.cookie)![1]!
    expect(again.sessions.bySecret(secret)?.account).toBe('analyst')
    await again.close()
  })
})

describe('passwords', () => {
  it('sign in, and a changed one ends every other session and rotates this one', async () => {
    const elsewhere = await desk.signIn('analyst')
    const before = desk.browsers.analyst.cookie
    await setPassword('analyst')
    expect((await session({ cookie: elsewhere.cookie })).statusCode).toBe(401)
    expect((await session({ cookie: before })).statusCode).toBe(401)
    expect((await session({ cookie: desk.browsers.analyst.cookie })).statusCode).toBe(200)
    expect((await byPassword('analyst', password)).statusCode).toBe(200)
    expect(log.texts('accounts.v1').join('\n')).not.toContain(password)
    expect(log.texts('accounts.v1').join('\n')).toContain('$argon2id$')
  })
  it('are changed only with the current one, once the link is old', async () => {
    await setPassword('analyst')
    const change = (current: string | null) =>
      desk.as(desk.browsers.analyst, { method: 'PUT', url: '/api/v1/session/password', body: { current, next: 'another horse battery' } })
    expect((await change(null)).statusCode).toBe(400)
    expect((await change('wrong')).statusCode).toBe(400)
    expect((await change(password)).statusCode).toBe(200)
  })
  it('unknown accounts, wrong passwords and disabled accounts are told alike', async () => {
    await setPassword('analyst')
    await setPassword('viewer')
    await desk.parts.accounts.people.change('admin', 'viewer', { disabled: true })
    const told = await Promise.all([
      byPassword('analyst', 'wrong'),
      byPassword('nobody', 'wrong'),
      byPassword('viewer', password),
      byPassword('../..', 'wrong'),
    ])
    const bodies = told.map((response) => ({ ...response.json<object>(), requestId: '', status: response.statusCode }))
    for (const body of bodies) expect(body).toEqual(bodies[0])
  })
  it('an account without one can not be signed in to with any', async () => {
    expect((await byPassword('responder', '')).statusCode).toBe(400)
    expect((await byPassword('responder', 'null')).statusCode).toBe(401)
  })
})

describe('guessing', () => {
  it('is slowed down for the guesser and not for the owner elsewhere', async () => {
    await setPassword('analyst')
    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push((await byPassword('analyst', 'wrong', '10.6.6.6')).statusCode)
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    expect(statuses.slice(5)).toEqual(Array(7).fill(429))
    // Even the right one, from there.
    expect((await byPassword('analyst', password, '10.6.6.6')).statusCode).toBe(429)
    expect((await byPassword('analyst', password, '10.0.0.9')).statusCode).toBe(200)
  })
  it('in parallel gets no more tries than one after the other', async () => {
    await setPassword('analyst')
    const all = await Promise.all(Array.from({ length: 50 }, () => byPassword('analyst', 'wrong', '10.6.6.6')))
    expect(all.filter(({ statusCode }) => statusCode === 401).length).toBeLessThanOrEqual(5)
  })
  it("the owner behind the guesser's own address signs in with a browser that is known", async () => {
    await setPassword('analyst')
    const browser = /wardwatch-browser=[\w-]+/.exec(desk.browsers.analyst.cookie)![0]
    for (let i = 0; i < 60; i++) {
      await byPassword(`name-${i}`, 'wrong', '10.6.6.6')
      if (i < 20) await byPassword('analyst', 'wrong', '10.6.6.6')
    }
    expect((await byPassword('analyst', password, '10.6.6.6')).statusCode).toBe(429)
    expect((await byPassword('analyst', password, '10.6.6.6', { cookie: browser })).statusCode).toBe(200)
  })
  it('many names from one address are slowed down too, never for longer than 10 s', async () => {
    const statuses = []
    for (let i = 0; i < 60; i++) statuses.push((await byPassword(`name-${i}`, 'wrong', '10.6.6.6')).statusCode)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20)
    desk.clock.nowMs += 10_001
    expect((await byPassword('name-1', 'wrong', '10.6.6.6')).statusCode).toBe(401)
  })
  it('the delay grows and is told', async () => {
    const waits = []
    for (let i = 0; i < 12; i++) {
      const response = await byPassword('analyst', 'wrong', '10.6.6.6')
      const wait = Number(response.headers['retry-after'] ?? 0)
      waits.push(wait)
      desk.clock.nowMs += wait * 1_000
    }
    expect(waits.filter((wait) => wait > 0)).toEqual([1, 2, 4, 8])
  })
  it('a million tries do not fill the disk: repeats are counted', async () => {
    const before = log.texts('accounts.v1').length
    for (let i = 0; i < 200; i++) {
      await byPassword('analyst', 'wrong', '10.6.6.6')
      desk.clock.nowMs += 1_000
    }
    expect(log.texts('accounts.v1').length - before).toBeLessThan(5)
    expect(lines.filter((line) => line.includes('a sign-in failed')).length).toBeLessThan(5)
  })
  it('what was typed as a name is recorded only when it is one', async () => {
    await byPassword('hunter2-oops-my-password', 'x')
    await desk.parts.accounts.signIn.flush(true)
    expect(log.texts('accounts.v1').join('\n')).not.toContain('hunter2')
    expect(lines.join('\n')).not.toContain('hunter2')
  })
})

describe('accounts', () => {
  it('the last admin stays', async () => {
    const change = (body: object) =>
      desk.as(desk.browsers.admin, { method: 'PATCH', url: '/api/v1/accounts/admin', body, headers: { 'if-match': '"1"' } })
    expect((await change({ disabled: true })).statusCode).toBe(409)
    expect((await change({ role: 'viewer' })).statusCode).toBe(409)
  })
  it('a name is taken once', async () => {
    const create = () =>
      desk.as(desk.browsers.admin, {
        method: 'POST',
        url: '/api/v1/accounts',
        body: { account: 'rosa', displayName: 'Rosa', role: 'analyst' },
      })
    const both = await Promise.all([create(), create()])
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409])
  })
})
