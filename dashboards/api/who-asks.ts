import type { FastifyRequest } from 'fastify'
import type { Accounts } from '../accounts/open-accounts.ts'
import type { Principal } from '../accounts/principal.ts'
import { cookieOf, type Cookies } from './cookies.ts'

/** Who asks, by the request's own proof. A bearer's token is all that counts when there is one: the cookies beside it are not read. */
export const whoAsks = (request: FastifyRequest, accounts: Accounts, cookies: Pick<Cookies, 'session'>): Principal | null => {
  const { authorization, cookie } = request.headers
  if (authorization !== undefined) {
    const match = /^Bearer ([A-Za-z0-9_-]{16,128})$/i.exec(authorization)
    return match === null ? null : accounts.tokens.bySecret(match[1]!)
  }
  const secret = cookieOf(cookie, cookies.session)
  return secret === null ? null : accounts.sessions.bySecret(secret)
}
