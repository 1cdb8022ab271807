import { expect } from 'vitest'
import type { PlatformProcess } from './platform-process.ts'
import { until } from './until.ts'

export interface DeskAnswer<Body = unknown> {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Body
}

/** As much of `fetch` as is used here. */
export type Fetching = (url: string, init: RequestInit) => Promise<Response>

/** Somebody at the desk's HTTP API. A call rejects when the connection is lost: whether it was done is then unknown. */
export interface DeskClient {
  readonly account: string
  readonly base: string
  ask<Body>(method: string, path: string, options?: { readonly body?: unknown; readonly version?: number }): Promise<DeskAnswer<Body>>
  /** As `ask`, and the answer has to be a 2xx. */
  get<Body>(path: string): Promise<Body>
  put<Body>(path: string, body: unknown, version?: number): Promise<Body>
  post<Body>(path: string, body?: unknown): Promise<Body>
  /** The same person at another desk of the same log. */
  at(base: string): DeskClient
}

const createClient = (base: string, account: string, headers: Readonly<Record<string, string>>, fetching: Fetching = fetch): DeskClient => {
  const ask: DeskClient['ask'] = async <Body>(method: string, path: string, options: { body?: unknown; version?: number } = {}) => {
    const response = await fetching(`${base}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.version === undefined ? {} : { 'if-match': `"${options.version}"` }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    const json = /^application\/(?:[\w.]+\+)?json/.test(response.headers.get('content-type') ?? '') && text !== ''
    return { status: response.status, headers: response.headers, text, body: (json ? JSON.parse(text) : null) as Body }
  }
  const well = async <Body>(method: string, path: string, body?: unknown, version?: number): Promise<Body> => {
    const answer = await ask<Body>(method, path, { body, ...(version === undefined ? {} : { version }) })
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300)
    return answer.body
  }
  return {
    account,
    base,
    ask,
    get: (path) => well('GET', path),
    put: (path, body, version) => well('PUT', path, body, version),
    post: (path, body) => well('POST', path, body),
    at: (elsewhere) => createClient(elsewhere, account, headers),
  }
}

const linkPattern = /https?:\/\/\S+\/sign-in#code=\S+/

/** The link of the first start, as it is printed. */
export const firstLinkOf = async (platform: PlatformProcess): Promise<string> => {
  await until('the link of the first start', () => linkPattern.test(platform.output()), 10_000)
  return linkPattern.exec(platform.output())![0]
}

/** Signs in as a browser does: with a session's cookie and its CSRF token. */
export const signInBy = async (link: string, fetching: Fetching = fetch): Promise<DeskClient> => {
  const [base, code] = link.split('/sign-in#code=') as [string, string]
  const response = await fetching(`${base}/api/v1/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  })
  expect(response.status).toBe(200)
  const { account, csrfToken } = (await response.json()) as { account: string; csrfToken: string }
  const cookie = response.headers.getSetCookie().map((one) => one.split(';')[0]!)
  return createClient(base, account, { cookie: cookie.join('; '), 'x-csrf-token': csrfToken }, fetching)
}

/** The admin of a platform that has just started for the first time. */
export const signInAsAdmin = async (platform: PlatformProcess): Promise<DeskClient> => signInBy(await firstLinkOf(platform))

/** Makes an account, and somebody who is signed in as it. */
export const newPerson = async (admin: DeskClient, account: string, role: string): Promise<DeskClient> => {
  const made = await admin.post<{ link: { url: string } }>('/accounts', { account, displayName: account, role })
  return signInBy(made.link.url)
}

/** A script with an API token of somebody's account. */
export const tokenOf = async (person: DeskClient, scope: 'read' | 'triage' | 'admin'): Promise<DeskClient> => {
  const { secret } = await person.post<{ secret: string }>('/tokens', { name: 'a script', scope, expiresInDays: 1 })
  return createClient(person.base, person.account, { authorization: `Bearer ${secret}` })
}
