import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await createTestDesk()
})
afterAll(() => desk.close())

describe('the rules of paging', () => {
  const hook = { title: 'Hook', enabled: true, settings: { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 's' } }
  const rule = (title: string) => ({
    id: 'night', title, enabled: true, severities: ['critical'], sites: [], hours: null, steps: [{ notifiers: ['hook'], afterMinutes: 0 }],
  }) // prettier-ignore
  const put = (title: string, version?: number) =>
    desk.as(desk.browsers.admin, {
      method: 'PUT',
      url: '/api/v1/paging-rules',
      body: { rules: [rule(title)] },
      ...(version === undefined ? {} : { headers: { 'if-match': `"${version}"` } }),
    })

  it('the second of two admins who saw the same ones does not overwrite the first', async () => {
    await desk.as(desk.browsers.admin, { method: 'PUT', url: '/api/v1/notifiers/hook', body: hook })
    const seen = await desk.as(desk.browsers.admin, { url: '/api/v1/paging-rules' })
    const { version } = seen.json<{ version: number }>()
    expect(seen.headers['etag']).toBe(`"${version}"`)
    expect(seen.json()).toMatchObject({ timeZone: 'Europe/Berlin' })
    expect((await put('blind')).statusCode).toBe(428)
    const first = await put('first', version)
    expect(first.statusCode).toBe(200)
    expect(first.headers['etag']).not.toBe(`"${version}"`)
    const second = await put('second', version)
    expect([second.statusCode, second.json()]).toMatchObject([409, { detail: expect.stringContaining('meanwhile') }])
    expect((await desk.as(desk.browsers.admin, { url: '/api/v1/paging-rules' })).json()).toMatchObject({ rules: [{ title: 'first' }] })
    expect((await put('third', first.json<{ version: number }>().version)).statusCode).toBe(200)
  })
})

describe('channels and accounts', () => {
  const send = (method: 'PUT' | 'PATCH' | 'DELETE', url: string, version: number | null, body?: object) =>
    desk.as(desk.browsers.admin, {
      method,
      url: `/api/v1${url}`,
      ...(body === undefined ? {} : { body }),
      ...(version === null ? {} : { headers: { 'if-match': `"${version}"` } }),
    })
  const hook = (title: string) => ({ title, enabled: true, settings: { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 's' } })

  it('a channel is made without If-Match, and then changed and taken out only as it was seen', async () => {
    const made = await send('PUT', '/notifiers/pager', null, hook('made'))
    const { version } = made.json<{ version: number }>()
    expect([made.statusCode, made.headers['etag']]).toEqual([200, `"${version}"`])
    expect((await send('PUT', '/notifiers/pager', null, hook('blind'))).statusCode).toBe(428)
    const first = await send('PUT', '/notifiers/pager', version, hook('first'))
    expect(first.statusCode).toBe(200)
    const second = await send('PUT', '/notifiers/pager', version, hook('second'))
    expect([second.statusCode, second.json()]).toMatchObject([409, { detail: 'admin has changed it meanwhile: look again' }])
    expect((await send('DELETE', '/notifiers/pager', null)).statusCode).toBe(428)
    expect((await send('DELETE', '/notifiers/pager', version)).statusCode).toBe(409)
    const seen = first.json<{ version: number }>().version
    expect((await send('DELETE', '/notifiers/pager', seen)).statusCode).toBe(204)
    expect((await send('PUT', '/notifiers/pager', seen, hook('late'))).json()).toMatchObject({
      detail: expect.stringContaining('took the channel out'),
    })
    // Made anew it is another: who saw the old one does not change this one.
    expect((await send('PUT', '/notifiers/pager', null, hook('anew'))).json<{ version: number }>().version).toBeGreaterThan(seen)
  })

  it('the second of two admins who saw the same account does not give back the role that the first has taken', async () => {
    expect((await send('PATCH', '/accounts/viewer', null, { role: 'admin' })).statusCode).toBe(428)
    const first = await send('PATCH', '/accounts/viewer', 1, { disabled: true })
    expect([first.statusCode, first.headers['etag']]).toEqual([200, '"2"'])
    const second = await send('PATCH', '/accounts/viewer', 1, { role: 'admin' })
    expect([second.statusCode, second.json()]).toMatchObject([
      409,
      { type: 'urn:wardwatch:problem:changed', detail: 'admin has changed it meanwhile: look again' },
    ])
    expect((await send('PATCH', '/accounts/viewer', 2, { disabled: false })).statusCode).toBe(200)
  })
})

describe('a suppression is of what there is', () => {
  it.each([
    ['a model that no device has', { model: 'no-such-model' }],
    ['the model of every device that was enrolled without one', { model: 'unknown' }],
    ['a device that nobody knows', { device: 'no-such-device' }],
  ])('not %s', async (_what, scope) => {
    const body = { detector: 'flood', scope, reason: 'x', expiresInHours: 1 }
    const response = await desk.as(desk.browsers.analyst, { method: 'POST', url: '/api/v1/suppressions', body })
    expect([response.statusCode, response.json()]).toMatchObject([409, { type: 'urn:wardwatch:problem:unknown' }])
  })
})
