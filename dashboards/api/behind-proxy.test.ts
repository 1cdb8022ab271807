import { request as ask } from 'node:https'
import { createServer, type Server } from 'node:https'
import { request as forward } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../../registry/authority.ts'
import { createFakeParts, type FakeParts } from '../testing/fake-parts.ts'
import { type Api, createApi } from './create-api.ts'

const clock = { now: () => Date.now() }
const name = 'wardwatch.hospital.example'
const origin = `https://${name}`

// A real proxy that ends TLS, and the desk on loopback behind it: the Origin check took `http://` + Host for the desk's origin, and nobody could sign in.
describe.each([
  ['hands on the Host', true],
  ['puts its own Host', false],
])('behind a proxy that %s', (_what, keepsHost) => {
  let parts: FakeParts
  let api: Api
  let proxy: Server
  let ca: string
  beforeAll(async () => {
    parts = await createFakeParts({ clock, consoleDirectory: '/nowhere' })
    api = await createApi({ ...parts, publicOrigins: [origin, 'https://second.example'] })
    const port = await api.listen({ host: '127.0.0.1', port: 0 })
    const authority = await createAuthority({ siteName: 'hospital', clock })
    const { privateKeyPem: key, certificatePem: cert } = await authority.issueServerCertificate({ names: [name], addresses: [], days: 1 })
    ca = authority.certificatePem
    proxy = createServer({ key, cert }, (request, reply) => {
      const { host, ...headers } = request.headers
      const onward = forward(
        { host: '127.0.0.1', port, method: request.method, path: request.url, headers: keepsHost ? { ...headers, host } : headers },
        (answer) => {
          reply.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(reply)
        },
      )
      request.pipe(onward)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    await new Promise((resolve) => proxy.close(resolve))
    await api.close()
    await parts.accounts.close()
  })

  const send = (path: string, headers: Readonly<Record<string, string>>, body: object) =>
    new Promise<{ status: number; cookies: readonly string[]; hsts: unknown; body: Record<string, unknown> }>((resolve, reject) => {
      const { port } = proxy.address() as { port: number }
      const asked = ask(
        {
          host: '127.0.0.1',
          servername: name,
          port,
          path: `/api/v1${path}`,
          method: 'POST',
          ca,
          headers: { host: name, 'content-type': 'application/json', ...headers },
        },
        (answer) => {
          let text = ''
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              cookies: answer.headers['set-cookie'] ?? [],
              hsts: answer.headers['strict-transport-security'],
              body: JSON.parse(text) as Record<string, unknown>,
            }),
          )
        },
      )
      asked.on('error', reject)
      asked.end(JSON.stringify(body))
    })

  it('a link begins with the public origin, signs in from there, and its session changes things', async () => {
    const made = await parts.accounts.people.create('wardwatch', { account: 'admin', displayName: 'Admin', role: 'admin' })
    if (!made.ok) throw new Error(made.detail)
    expect(api.signInLink(made.link, '127.0.0.1:8480').url).toMatch(/^https:\/\/wardwatch\.hospital\.example\/sign-in#code=/)
    const browser = { origin, 'sec-fetch-site': 'same-origin' }
    const elsewhere = await send('/session/link', { origin: 'https://evil.example' }, { code: made.link.code })
    expect([elsewhere.status, elsewhere.body]).toMatchObject([403, { type: 'urn:wardwatch:problem:origin' }])
    const signedIn = await send('/session/link', browser, { code: made.link.code })
    expect(signedIn.status, JSON.stringify(signedIn.body)).toBe(200)
    for (const cookie of signedIn.cookies) expect(cookie).toMatch(/^__Host-.*; Secure/)
    expect(signedIn.hsts).toBeDefined()
    const session = {
      cookie: signedIn.cookies.map((cookie) => cookie.split(';', 1)[0]!).join('; '),
      'x-csrf-token': String(signedIn.body['csrfToken']),
    }
    const account = { account: 'rosa', displayName: 'Rosa', role: 'viewer' }
    const created = await send('/accounts', { ...browser, ...session }, account)
    expect([created.status, created.body]).toMatchObject([200, { link: { url: expect.stringContaining(`${origin}/sign-in#`) } }])
    const others = { ...session, 'sec-fetch-site': 'same-origin' }
    expect((await send('/accounts', { ...others, origin: 'https://second.example' }, { ...account, account: 'mona' })).status).toBe(200)
    expect((await send('/accounts', { ...session, origin: `http://${name}` }, { ...account, account: 'eve' })).status).toBe(403)
  })
})

it('a public name is a name of the desk, and no other is', async () => {
  const parts = await createFakeParts({ clock, consoleDirectory: '/nowhere' })
  const api = await createApi({ ...parts, publicOrigins: [`${origin}:8443`] })
  const status = async (host: string) => (await api.app.inject({ url: '/api/v1/session', headers: { host } })).statusCode
  expect([await status(name), await status(`${name}:8443`), await status('127.0.0.1:8480'), await status('evil.example')]).toEqual([
    401, 401, 401, 421,
  ])
  await api.close()
  await parts.accounts.close()
})
