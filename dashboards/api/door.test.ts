import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sampleAlert } from '../testing/sample-alert.ts'
import { createTestDesk, host, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await createTestDesk()
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9]) desk.parts.desk.put(sampleAlert({ id: `a${n}`, openedAt: desk.clock.nowMs - n * 1_000 }))
})
afterAll(() => desk.close())

const version = (id: string): string => `"${desk.parts.desk.alert(id)!.version}"`
const acknowledge = (id: string, headers: Record<string, string>) =>
  desk.ask({ method: 'POST', url: `/api/v1/alerts/${id}/acknowledge`, headers: { 'if-match': version(id), ...headers } })

describe('CSRF', () => {
  const { cookie, csrf } = { cookie: () => desk.browsers.analyst.cookie, csrf: () => desk.browsers.analyst.csrf }
  it('a cookie alone changes nothing', async () => {
    const response = await acknowledge('a1', { cookie: cookie() })
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({ type: 'urn:wardwatch:problem:csrf' })
  })
  it.each([
    ['wrong', () => 'x'.repeat(43)],
    ['empty', () => ''],
    ["another person's", () => desk.browsers.admin.csrf],
  ])('a token that is %s changes nothing', async (_what, token) =>
    expect((await acknowledge('a1', { cookie: cookie(), 'x-csrf-token': token() })).statusCode).toBe(403),
  )
  it("the token of a person's other session changes nothing", async () => {
    const other = await desk.signIn('analyst')
    expect((await acknowledge('a1', { cookie: cookie(), 'x-csrf-token': other.csrf })).statusCode).toBe(403)
  })
  it.each([
    ['an origin elsewhere', { origin: 'https://evil.example' }],
    ['no origin (sandboxed frame)', { origin: 'null' }],
    ['another port of this host', { origin: 'http://127.0.0.1:9999' }],
    ['another scheme', { origin: `https://${host}` }],
    ['fetch metadata: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['fetch metadata: same-site', { 'sec-fetch-site': 'same-site' }],
  ])('%s changes nothing, even with the right token', async (_what, headers) => {
    const response = await acknowledge('a1', { cookie: cookie(), 'x-csrf-token': csrf(), ...(headers as Record<string, string>) })
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({ type: 'urn:wardwatch:problem:origin' })
  })
  it('signing somebody in from another site (login CSRF) is refused', async () => {
    const response = await desk.ask({
      method: 'POST',
      url: '/api/v1/session/password',
      body: { account: 'analyst', password: 'x' },
      headers: { origin: 'https://evil.example' },
    })
    expect(response.statusCode).toBe(403)
  })
  it('a form can not be posted: it is no JSON', async () => {
    const response = await desk.as(desk.browsers.analyst, {
      method: 'POST',
      url: '/api/v1/suppressions',
      body: 'detector=flood',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(response.statusCode).toBe(415)
  })
  it('the own pages may', async () => {
    const response = await acknowledge('a1', {
      cookie: cookie(),
      'x-csrf-token': csrf(),
      origin: `http://${host}`,
      'sec-fetch-site': 'same-origin',
    })
    expect(response.statusCode, response.body).toBe(200)
  })
  it('no other site may read: nothing is shared across origins', async () => {
    const response = await desk.as(desk.browsers.analyst, { url: '/api/v1/alerts', headers: { origin: 'https://evil.example' } })
    expect(response.headers['access-control-allow-origin']).toBeUndefined()
    const preflight = await desk.ask({ method: 'OPTIONS', url: '/api/v1/alerts', headers: { origin: 'https://evil.example' } })
    expect(preflight.statusCode).toBe(405)
  })
})

describe('tokens', () => {
  const get = (authorization: string, more = {}) => desk.ask({ url: '/api/v1/session', headers: { authorization, ...more } })
  it('say who asks, with the account as it is now', async () => {
    const token = await desk.token('responder', 'read')
    const me = (await get(`Bearer ${token}`)).json<object>()
    expect(me).toMatchObject({ account: 'responder', role: 'responder', csrfToken: null })
  })
  it.each([
    ['forged', `Bearer wwt_${'A'.repeat(43)}`],
    ['without its prefix', `Bearer ${'A'.repeat(43)}`],
    ['another scheme', `Basic ${Buffer.from('admin:admin').toString('base64')}`],
    ['empty', 'Bearer '],
    ['hostile', "Bearer ' OR 1=1 --"],
  ])('%s is nobody', async (_what, authorization) => expect((await get(authorization)).statusCode).toBe(401))
  it('a bad token is nobody even beside a good cookie', async () =>
    expect((await get(`Bearer wwt_${'A'.repeat(43)}`, { cookie: desk.browsers.admin.cookie })).statusCode).toBe(401))
  it("a session's secret is no token", async () => {
    const secret = /wardwatch-session=([\w-]+)/.exec(desk.browsers.admin.cookie)![1]!
    expect((await get(`Bearer ${secret}`)).statusCode).toBe(401)
  })
  it('a token acts without CSRF token, as its account', async () => {
    const authorization = `Bearer ${await desk.token('analyst', 'triage')}`
    const response = await acknowledge('a2', { authorization })
    expect(response.json()).toMatchObject({ event: { actor: 'analyst' } })
  })
  it('expire', async () => {
    const authorization = `Bearer ${await desk.token('analyst', 'read')}`
    expect((await get(authorization)).statusCode).toBe(200)
    desk.clock.nowMs += 86_400_000
    expect((await get(authorization)).statusCode).toBe(401)
    desk.clock.nowMs -= 86_400_000
  })
  it('are bounded by the role that the account has now, end with it being disabled, and can be revoked', async () => {
    await desk.parts.accounts.people.create('admin', { account: 'temp', displayName: 'Temp', role: 'admin' })
    const made = await desk.parts.accounts.tokens.create('temp', { name: 'x', scope: 'admin', expiresInDays: 1 })
    const authorization = `Bearer ${made.ok ? made.secret : ''}`
    const accounts = () => desk.ask({ url: '/api/v1/accounts', headers: { authorization } })
    expect((await accounts()).statusCode).toBe(200)
    await desk.parts.accounts.people.change('admin', 'temp', { role: 'viewer' })
    expect((await accounts()).statusCode).toBe(403)
    await desk.parts.accounts.people.change('admin', 'temp', { disabled: true })
    expect((await get(authorization)).statusCode).toBe(401)
    const other = await desk.parts.accounts.tokens.create('analyst', { name: 'y', scope: 'read', expiresInDays: 1 })
    if (!other.ok) throw new Error()
    expect((await desk.as(desk.browsers.viewer, { method: 'DELETE', url: `/api/v1/tokens/${other.token.id}` })).statusCode).toBe(404)
    expect((await desk.as(desk.browsers.analyst, { method: 'DELETE', url: `/api/v1/tokens/${other.token.id}` })).statusCode).toBe(204)
    expect((await get(`Bearer ${other.secret}`)).statusCode).toBe(401)
  })
  it('are shown once: a list has no secret', async () => {
    const made = await desk.as(desk.browsers.analyst, {
      method: 'POST',
      url: '/api/v1/tokens',
      body: { name: 'ci', scope: 'read', expiresInDays: 30 },
    })
    const { secret } = made.json<{ secret: string }>()
    expect(secret).toMatch(/^wwt_[\w-]{43}$/)
    expect((await desk.as(desk.browsers.analyst, { url: '/api/v1/tokens' })).body).not.toContain(secret)
  })
})

describe('the name by which it is called', () => {
  it.each(['127.0.0.1:8480', 'localhost:8480', '[::1]:8480', 'desk.hospital.example', 'DESK.HOSPITAL.EXAMPLE:443', '127.0.0.1'])(
    '%s is its own',
    async (name) => expect((await desk.ask({ url: '/api/v1/session', headers: { host: name } })).statusCode).toBe(401),
  )
  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8480', 'a@localhost', '[::1', 'localhost:8480,evil'])(
    'DNS rebinding by "%s" is refused, for the API and the files',
    async (name) => {
      expect((await desk.as(desk.browsers.admin, { url: '/api/v1/alerts', headers: { host: name } })).statusCode).toBe(421)
      expect((await desk.ask({ url: '/', headers: { host: name } })).statusCode).toBe(421)
    },
  )
})

describe('too much', () => {
  it('a flood of strangers from one address keeps nobody there from signing in whose browser is known', async () => {
    const flooded = await createTestDesk({ limits: { strangerRequestsPerSecondMax: 1, strangerRequestsBurstMax: 10 } })
    const signIn = (cookie: string) =>
      flooded.ask({
        method: 'POST',
        url: '/api/v1/session/password',
        headers: { origin: `http://${host}`, cookie },
        body: { account: 'analyst', password: 'wrong-password-1' },
      })
    const asked = async () => (await flooded.ask({ url: '/api/v1/session' })).statusCode
    for (let i = 0; i < 20; i++) await asked()
    expect(await asked()).toBe(429)
    // What only asks is counted apart from what signs in.
    expect((await signIn('')).statusCode).toBe(401)
    for (let i = 0; i < 20; i++) await signIn('')
    expect((await signIn('')).statusCode).toBe(429)
    expect((await signIn(flooded.browsers.analyst.cookie)).statusCode).toBe(401)
    // A made-up browser is none.
    expect((await signIn(`wardwatch-browser=${'A'.repeat(43)}`)).statusCode).toBe(429)
    await flooded.close()
  })
  it('a session that asks too often is told when to come back, and others are not held up', async () => {
    const slow = await createTestDesk({ limits: { requestsPerSecondMax: 10, requestsBurstMax: 5 } })
    const get = (who: 'analyst' | 'viewer') => slow.as(slow.browsers[who], { url: '/api/v1/session' })
    const statuses = []
    for (let i = 0; i < 7; i++) statuses.push((await get('analyst')).statusCode)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    expect((await get('viewer')).statusCode).toBe(200)
    slow.clock.nowMs += 100
    expect((await get('analyst')).statusCode).toBe(200)
    await slow.close()
  })
})
