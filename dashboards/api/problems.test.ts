import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problem } from '../../contracts/api/problem.ts'
import { sampleAlert } from '../testing/sample-alert.ts'
import { type Asked, createTestDesk, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await createTestDesk()
  for (const n of [1, 2, 3, 4]) desk.parts.desk.put(sampleAlert({ id: `a${n}`, openedAt: desk.clock.nowMs - n * 1_000 }))
})
afterAll(() => desk.close())

const told = async (asked: Asked, status: number, reason: string) => {
  const response = await desk.as(desk.browsers.admin, asked)
  expect(response.statusCode, response.body).toBe(status)
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
  const body = problem.strict().parse(response.json())
  expect(body).toMatchObject({ type: `urn:wardwatch:problem:${reason}`, status })
  expect(response.headers['x-request-id']).toBe(body.requestId)
  expect(response.body).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/)
  return { body, response }
}

describe('every refusal is a problem document', () => {
  const post = (url: string, body: unknown, headers = {}): Asked => ({ method: 'POST', url, body, headers })
  it.each([
    ['no such address', { url: '/api/v1/nothing' }, 404, 'not-found'],
    ['no such version of the API', { url: '/api/v2/alerts' }, 404, 'not-found'],
    ['no such alert', { url: '/api/v1/alerts/none' }, 404, 'not-found'],
    ['a method that is not there', { method: 'DELETE', url: '/api/v1/alerts' }, 405, 'method'],
    ['HEAD', { method: 'PUT', url: '/api/v1/alerts/a1' }, 405, 'method'],
    ['posting to a file', { method: 'POST', url: '/index.html' }, 405, 'method'],
    ['malformed JSON', post('/api/v1/suppressions', '{"a":'), 400, 'malformed'],
    ['a prototype', post('/api/v1/suppressions', '{"__proto__":{"admin":true}}'), 400, 'malformed'],
    ['a constructor', post('/api/v1/suppressions', '{"constructor":{"prototype":{"admin":true}}}'), 400, 'malformed'],
    ['another media type', post('/api/v1/suppressions', 'x', { 'content-type': 'text/xml' }), 415, 'media-type'],
    ['plain text', post('/api/v1/suppressions', 'x', { 'content-type': 'text/plain' }), 415, 'media-type'],
    ['no body', { method: 'POST', url: '/api/v1/suppressions' }, 400, 'invalid'],
    ['too large a body', post('/api/v1/suppressions', `"${'x'.repeat(300_000)}"`), 413, 'too-large'],
    ['a query that is none', { url: '/api/v1/alerts?limit=9999' }, 400, 'invalid'],
    ['a number that is none', { url: '/api/v1/alerts?from=yesterday' }, 400, 'invalid'],
    ['a severity that is none', { url: '/api/v1/alerts?severity=critical,worst' }, 400, 'invalid'],
    ['a bad percent sign', { url: '/api/v1/alerts/%zz' }, 400, 'url'],
    ['a long address', { url: `/api/v1/alerts?q=${'x'.repeat(9_000)}` }, 414, 'url'],
    ['a snooze into the past', { ...post('/api/v1/alerts/a1/snooze', { until: 1 }), headers: { 'if-match': '"1"' } }, 400, 'invalid'],
    ['an owner who is none', { ...post('/api/v1/alerts/a1/assign', { owner: 'nobody' }), headers: { 'if-match': '"1"' } }, 400, 'invalid'],
    [
      'an owner who may not act',
      { ...post('/api/v1/alerts/a1/assign', { owner: 'viewer' }), headers: { 'if-match': '"1"' } },
      400,
      'invalid',
    ],
    ['no If-Match', { method: 'POST', url: '/api/v1/alerts/a1/acknowledge' }, 428, 'if-match'],
    ['any version', { method: 'POST', url: '/api/v1/alerts/a1/acknowledge', headers: { 'if-match': '*' } }, 400, 'if-match'],
    ['a week of vitals and more', { url: '/api/v1/devices/pump-0001/vitals?from=0&to=900000000' }, 400, 'invalid'],
    ['vitals backwards', { url: '/api/v1/devices/pump-0001/vitals?from=2&to=1' }, 400, 'invalid'],
    ['not a number of vitals', { url: '/api/v1/devices/pump-0001/vitals?from=NaN&to=1' }, 400, 'invalid'],
  ] as readonly (readonly [string, Asked, number, string])[])('%s', async (_what, asked, status, reason) => {
    await told(asked, status, reason)
  })
  it('a wrong field is named', async () => {
    const { body } = await told(
      post('/api/v1/suppressions', { detector: 'flood', scope: { severity: 'low' }, reason: '', expiresInHours: 1e9 }),
      400,
      'invalid',
    )
    expect(body.errors!.map(({ path }) => path).toSorted()).toEqual(['expiresInHours', 'reason', 'scope'])
  })
  it('the methods that are there are named', async () => {
    const { response } = await told({ method: 'PATCH', url: '/api/v1/session' }, 405, 'method')
    expect(response.headers['allow']).toBe('GET, DELETE')
  })
  it('history being away is told, and alerts go on', async () => {
    desk.parts.history.away = true
    await told({ url: '/api/v1/alerts/a1/signals' }, 503, 'history-away')
    await told({ url: '/api/v1/alerts/sparks?ids=a1' }, 503, 'history-away')
    await told({ url: '/api/v1/devices/pump-0001/connections' }, 503, 'history-away')
    for (const url of ['/api/v1/alerts', '/api/v1/alerts/a1', '/api/v1/alerts/a1/timeline', '/api/v1/devices/pump-0001'])
      expect((await desk.as(desk.browsers.admin, { url })).statusCode, url).toBe(200)
    desk.parts.history.away = false
  })
  it('the log being away is told, and nothing is changed', async () => {
    desk.parts.log.unavailable = true
    await told(post('/api/v1/accounts', { account: 'late', displayName: 'Late', role: 'viewer' }), 503, 'log-away')
    desk.parts.log.unavailable = false
    expect(desk.parts.accounts.people.account('late')).toBeUndefined()
  })
  it('a bug is a 500 without its stack, under an id that the log has', async () => {
    const logged: object[] = []
    const broken = await createTestDesk({ logger: { debug() {}, info() {}, warn() {}, error: (fields) => void logged.push(fields) } })
    Object.assign(broken.parts.desk, {
      counts: () => {
        throw new Error('secret of the house')
      },
    })
    const response = await broken.as(broken.browsers.viewer, { url: '/api/v1/alerts/summary' })
    expect(response.statusCode).toBe(500)
    expect(response.body).not.toContain('secret of the house')
    expect(logged).toMatchObject([{ requestId: response.json<{ requestId: string }>().requestId }])
    await broken.close()
  })
})

describe('two people at once', () => {
  const act = (who: 'analyst' | 'responder', url: string, version: number, body?: unknown) =>
    desk.as(desk.browsers[who], {
      method: 'POST',
      url: `/api/v1/alerts/a2/${url}`,
      headers: { 'if-match': `"${version}"` },
      ...(body === undefined ? {} : { body }),
    })
  it('the second is told who changed what, with the alert as it is now', async () => {
    const seen = await desk.as(desk.browsers.analyst, { url: '/api/v1/alerts/a2' })
    const version = Number(String(seen.headers['etag']).replaceAll('"', ''))
    const first = await act('responder', 'acknowledge', version)
    expect(first.statusCode).toBe(200)
    expect(first.headers['etag']).toBe(`"${first.json<{ alert: { version: number } }>().alert.version}"`)
    const second = await act('analyst', 'close', version, { verdict: 'other', reason: 'done' })
    expect(second.statusCode).toBe(409)
    const body = problem.parse(second.json())
    expect(body).toMatchObject({
      type: 'urn:wardwatch:problem:changed',
      changedBy: 'responder',
      change: 'alert.acknowledged',
      changedAt: desk.clock.nowMs,
      alert: { id: 'a2', state: 'acknowledged', owner: 'responder' },
    })
    expect(second.headers['etag']).toBe(first.headers['etag'])
  })
  it('in bulk, those that moved are told and the others go through', async () => {
    const version = (id: string) => desk.parts.desk.alert(id)!.version
    const response = await desk.as(desk.browsers.analyst, {
      method: 'POST',
      url: '/api/v1/alerts/bulk',
      body: {
        action: { type: 'close', verdict: 'duplicate', reason: 'same' },
        alerts: [
          { id: 'a3', version: version('a3') },
          { id: 'a2', version: 1 },
          { id: 'none', version: 1 },
        ],
      },
    })
    expect(response.json()).toMatchObject({
      done: [{ id: 'a3', state: 'closed' }],
      refused: [
        { id: 'a2', reason: 'conflict', changedBy: 'responder' },
        { id: 'none', reason: 'no-alert', alert: null },
      ],
    })
  })
  it('an undo takes back the own action and no other', async () => {
    const version = desk.parts.desk.alert('a4')!.version
    const post = (who: 'analyst' | 'responder', url: string, at: number, body?: unknown) =>
      desk.as(desk.browsers[who], {
        method: 'POST',
        url: `/api/v1/alerts/a4/${url}`,
        headers: { 'if-match': `"${at}"` },
        ...(body === undefined ? {} : { body }),
      })
    const closed = (await post('analyst', 'close', version, { verdict: 'other', reason: 'x' })).json<{ alert: { version: number } }>().alert
      .version
    expect((await post('responder', 'undo', closed, { undoes: closed })).statusCode).toBe(409)
    expect((await post('analyst', 'undo', closed, { undoes: closed })).json()).toMatchObject({ alert: { state: 'new' } })
  })
})
