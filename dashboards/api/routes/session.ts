import type { Me } from '../../../contracts/api/access.ts'
import type { NotSignedIn, Principal, SignedIn } from '../../accounts/principal.ts'
import type { SignInFrom } from '../../accounts/sessions.ts'
import { cookieOf, type createCookies } from '../cookies.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { busy, later, refuse, type Refusal } from '../refusal.ts'

type Ids = 'signInByLink' | 'signInByPassword' | 'session' | 'signOut' | 'changePassword'

export const sessionRoutes = (
  { accounts, clock, site }: Pick<ApiParts, 'accounts' | 'clock' | 'site'>,
  cookies: ReturnType<typeof createCookies>,
): Handlers<Ids> => {
  const meOf = (who: Principal): Me => ({
    account: who.account,
    displayName: who.displayName,
    role: who.role,
    csrfToken: who.kind === 'session' ? who.csrfToken : null,
    hasPassword: who.hasPassword,
    sessionExpiresAt: who.expiresAt,
    platform: site,
    nowMs: clock.now(),
  })
  const from = (address: string, header: string | undefined): SignInFrom => ({ address, browserSecret: cookieOf(header, cookies.browser) })
  const settle = (outcome: SignedIn | NotSignedIn, wrong: Refusal) => {
    if (!outcome.ok) {
      if (outcome.reason === 'later') return later(outcome.retryAfterMs, 'Too many wrong tries from here')
      return outcome.reason === 'busy' ? busy('Too many people sign in right now') : wrong
    }
    return {
      answer: meOf(outcome.who),
      cookies: [
        cookies.set(cookies.session, outcome.sessionSecret, outcome.who.expiresAt - clock.now()),
        ...(outcome.browserSecret === null ? [] : [cookies.set(cookies.browser, outcome.browserSecret, cookies.browserMs)]),
      ],
    }
  }

  /** A browser that signs in again as the same person leaves its old session behind: that ends. Somebody else's is not touched. */
  const replacing = async (outcome: SignedIn | NotSignedIn, header: string | undefined): Promise<SignedIn | NotSignedIn> => {
    const secret = cookieOf(header, cookies.session)
    const old = outcome.ok && secret !== null ? accounts.sessions.bySecret(secret) : null
    if (outcome.ok && old?.account === outcome.who.account) await accounts.sessions.end(old.session)
    return outcome
  }

  return {
    signInByLink: async ({ body, address, request }) =>
      settle(
        await replacing(await accounts.signIn.byLink(body.code, from(address, request.headers.cookie)), request.headers.cookie),
        refuse(401, 'link', 'This link is used up, too old or unknown', {
          detail: 'Ask an admin for a new one: wardwatch account link NAME',
        }),
      ),
    signInByPassword: async ({ body, address, request }) =>
      settle(
        await replacing(
          await accounts.signIn.byPassword(body.account, body.password, from(address, request.headers.cookie)),
          request.headers.cookie,
        ),
        refuse(401, 'sign-in', 'Account or password is wrong'),
      ),
    session: ({ who }) => ({ answer: meOf(who) }),
    async signOut({ who }) {
      if (who.kind === 'session') await accounts.sessions.end(who.session)
      return { answer: undefined, cookies: [cookies.clear(cookies.session)] }
    },
    async changePassword({ who, body, address, request }) {
      if (who.kind !== 'session') return refuse(403, 'session-only', 'No token may do this: sign in')
      const outcome = await accounts.signIn.changePassword(who, body.current, body.next, from(address, request.headers.cookie))
      if (!outcome.ok && outcome.reason === 'unfit')
        return refuse(400, 'password', 'This password can not be used', { errors: [{ path: 'next', message: outcome.detail }] })
      return settle(
        outcome,
        refuse(400, 'password', 'The current password is wrong', {
          errors: [{ path: 'current', message: 'it is not the current password' }],
        }),
      )
    },
  }
}
