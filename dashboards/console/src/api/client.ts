import type { Answer, Body, Query } from '../../../../contracts/api/routes.ts'
import type { Problem } from '../../../../contracts/api/problem.ts'
import { createApiError, createUnreachable } from './api-error.ts'
import { cleanAnswer } from './clean-text.ts'
import { routeList, type CalledRoute } from './route-list.ts'

export const apiBase = '/api/v1'
const requestTimeoutMs = 20_000

export interface Call<Id extends CalledRoute> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: { readonly [Key in keyof Query<Id>]?: unknown }
  readonly body?: Body<Id>
  /** The version that the person saw: goes as `If-Match`. */
  readonly version?: number
  readonly signal?: AbortSignal
}

export interface Client {
  call<Id extends CalledRoute>(id: Id, call?: Call<Id>): Promise<Answer<Id>>
  setCsrfToken(token: string | null): void
}

const addressOf = (path: string, params: Readonly<Record<string, string>>, query: object): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  const text = search.toString()
  return `${apiBase}${filled}${text === '' ? '' : `?${text}`}`
}

/** @param onSignedOut told when the server no longer knows the session */
export const createClient = (options: { readonly fetch: typeof fetch; readonly onSignedOut: () => void }): Client => {
  let csrfToken: string | null = null

  const call = async <Id extends CalledRoute>(id: Id, call: Call<Id> = {}): Promise<Answer<Id>> => {
    const [method, path, least] = routeList[id]
    const headers: Record<string, string> = { accept: 'application/json' }
    if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    if (call.version !== undefined) headers['if-match'] = `"${call.version}"`
    const timeout = AbortSignal.timeout(requestTimeoutMs)
    const response = await options
      .fetch(addressOf(path, call.params ?? {}, call.query ?? {}), {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal: call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]),
      })
      .catch((error: unknown) => {
        if (call.signal?.aborted === true) throw error
        throw createUnreachable()
      })
    if (response.ok) return (response.status === 204 ? undefined : cleanAnswer(await response.json())) as Answer<Id>
    if (response.status === 401 && least !== null) options.onSignedOut()
    throw createApiError(await problemIn(response))
  }
  return {
    call,
    setCsrfToken: (token) => {
      csrfToken = token
    },
  }
}

/** A proxy in between may answer with something else than a problem document. */
const problemIn = async (response: Response): Promise<Problem> => {
  const told = (await response.json().then(cleanAnswer, () => null)) as Partial<Problem> | null
  return {
    type: 'urn:wardwatch:problem:unknown',
    title: `The platform answered ${response.status}`,
    requestId: response.headers.get('x-request-id') ?? '',
    ...(typeof told === 'object' ? told : null),
    status: response.status,
  }
}
