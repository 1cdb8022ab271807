import type { LightMyRequestResponse } from 'fastify'
import { type Role, roles, type TokenScope } from '../../contracts/api/access.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type Api, createApi } from '../api/create-api.ts'
import type { ApiLimits } from '../api/limits.ts'
import type { AccountTimes } from '../accounts/limits.ts'
import { createFakeParts, type FakeParts } from './fake-parts.ts'
import type { MemoryTopicLog } from './memory-topic-log.ts'

/** A browser that is signed in. */
export interface Browser {
  readonly account: string
  cookie: string
  csrf: string
}

export interface Asked {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  readonly url: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly from?: string
}

export interface TestDesk {
  readonly api: Api
  readonly parts: FakeParts
  readonly clock: { nowMs: number; now(): number }
  /** One of each role, signed in by link; the account has the role's name. */
  readonly browsers: Readonly<Record<Role, Browser>>
  ask(asked: Asked): Promise<LightMyRequestResponse>
  as(who: Browser, asked: Asked): Promise<LightMyRequestResponse>
  signIn(account: string): Promise<Browser>
  token(role: Role, scope: TokenScope): Promise<string>
  close(): Promise<void>
}

export const host = '127.0.0.1:8480'

/** The pairs of `set-cookie` as a browser would send them back. */
export const cookiesOf = (response: LightMyRequestResponse): string =>
  response.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')

/** The API over parts in memory, with a clock that stands still until it is moved. */
export const createTestDesk = async (
  options: {
    readonly limits?: Partial<ApiLimits>
    readonly logger?: Logger
    readonly times?: AccountTimes
    readonly consoleDirectory?: string
    readonly log?: MemoryTopicLog
  } = {},
): Promise<TestDesk> => {
  const clock = { nowMs: 1_795_600_000_000, now: () => clock.nowMs }
  const { limits, consoleDirectory = '/nowhere', ...rest } = options
  const parts = await createFakeParts({ clock, consoleDirectory, devices: 50, ...rest })
  const api = await createApi({ ...parts, ...(limits === undefined ? {} : { limits }) })

  const ask: TestDesk['ask'] = ({ method = 'GET', url, body, headers = {}, from = '10.0.0.1' }) =>
    api.app.inject({
      method,
      url,
      remoteAddress: from,
      headers: { host, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const signIn: TestDesk['signIn'] = async (account) => {
    const made = await parts.accounts.people.link('wardwatch', account)
    if (!made.ok) throw new Error(made.detail)
    const response = await ask({ method: 'POST', url: '/api/v1/session/link', body: { code: made.link.code } })
    if (response.statusCode !== 200) throw new Error(response.body)
    return { account, cookie: cookiesOf(response), csrf: response.json<{ csrfToken: string }>().csrfToken }
  }
  const browsers = {} as Record<Role, Browser>
  for (const role of roles) {
    await parts.accounts.people.create('wardwatch', { account: role, displayName: `The ${role}`, role })
    browsers[role] = await signIn(role)
  }

  return {
    api,
    parts,
    clock,
    browsers,
    ask,
    as: (who, asked) => ask({ ...asked, headers: { cookie: who.cookie, 'x-csrf-token': who.csrf, ...asked.headers } }),
    signIn,
    async token(role, scope) {
      const made = await parts.accounts.tokens.create(role, { name: `${role} ${scope}`, scope, expiresInDays: 1 })
      if (!made.ok) throw new Error(made.detail)
      return made.secret
    },
    async close() {
      await api.close()
      await parts.accounts.close()
    },
  }
}
