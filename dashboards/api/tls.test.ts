import { request as httpRequest } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthority } from '../../registry/authority.ts'
import { readEvents } from '../testing/event-reader.ts'
import { createFakeParts, type FakeParts } from '../testing/fake-parts.ts'
import { type Api, createApi } from './create-api.ts'

let parts: FakeParts
let api: Api
let port: number
let ca: string
const clock = { now: () => Date.now() }

beforeAll(async () => {
  const authority = await createAuthority({ siteName: 'hospital', clock })
  const server = await authority.issueServerCertificate({ names: ['localhost'], addresses: ['127.0.0.1'], days: 10 })
  ca = authority.certificatePem
  parts = await createFakeParts({ clock, consoleDirectory: '/nowhere' })
  api = await createApi({ ...parts, tls: { keyPem: server.privateKeyPem, certificatePem: server.certificatePem } })
  port = await api.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await api.close()
  await parts.accounts.close()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}
const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        host: 'localhost',
        port,
        path,
        method,
        ca,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      },
    )
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })

it('over TLS: the cookie is bound to this host, the browser told to stay with TLS, and the stream runs', async () => {
  const made = await parts.accounts.people.create('wardwatch', { account: 'admin', displayName: 'Admin', role: 'admin' })
  if (!made.ok) throw new Error(made.detail)
  expect(api.signInLink(made.link, `localhost:${port}`).url).toMatch(/^https:\/\/localhost:\d+\/sign-in#code=/)
  const signedIn = await ask('POST', '/api/v1/session/link', { origin: `https://localhost:${port}` }, { code: made.link.code })
  expect(signedIn.status, signedIn.body).toBe(200)
  const [cookie] = signedIn.headers['set-cookie'] as string[]
  expect(cookie).toMatch(/^__Host-wardwatch-session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
  expect(signedIn.headers['strict-transport-security']).toBe('max-age=31536000')
  const session = cookie!.split(';')[0]!
  expect((await ask('GET', '/api/v1/session', { cookie: session })).status).toBe(200)
  // The name without its prefix is what another host could have set.
  expect((await ask('GET', '/api/v1/session', { cookie: session.replace('__Host-', '') })).status).toBe(401)
  const reader = await readEvents(`https://localhost:${port}/api/v1/events`, { cookie: session }, ca)
  await reader.until(({ event }) => event === 'summary')
  reader.close()
})

it('an origin without TLS is another one', async () =>
  expect((await ask('POST', '/api/v1/session/link', { origin: `http://localhost:${port}` }, { code: 'x'.repeat(43) })).status).toBe(403))

it('plain HTTP gets nothing', async () => {
  const answer = await new Promise<string>((resolve) => {
    const asked = httpRequest({ host: 'localhost', port, path: '/api/v1/session' }, (response) => resolve(String(response.statusCode)))
    asked.on('error', () => resolve('refused'))
    asked.end()
  })
  expect(answer).toBe('refused')
})

it('old TLS is refused', async () => {
  const told = await new Promise<string>((resolve) => {
    const socket = connect({ host: 'localhost', port, ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }, () => resolve('connected'))
    socket.on('error', () => resolve('refused'))
  })
  expect(told).toBe('refused')
})
