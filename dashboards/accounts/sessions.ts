import type { Clock } from '../../contracts/clock.ts'
import type { AccountEvent, SignInWay } from './account-event.ts'
import type { AccountState, SessionState } from './fold.ts'
import type { Ledger } from './ledger.ts'
import { accountLimits, type AccountTimes } from './limits.ts'
import type { Principal, SignedIn } from './principal.ts'
import { csrfTokenOf, type NewSecret, sha256Hex } from './secrets.ts'

type SessionPrincipal = Extract<Principal, { kind: 'session' }>

export interface Sessions {
  /** Who a cookie belongs to; marks the session as used now. */
  bySecret(secret: string): SessionPrincipal | null
  /** Whether it may still be used; does not count as use. */
  lives(session: string): boolean
  /** The events that start a session for an account, and what its browser is given. Always a new secret: none that a browser brings is taken up. */
  begin(account: AccountState, way: SignInWay, from: SignInFrom, code?: string): { events: AccountEvent[]; signedIn: SignedIn }
  end(session: string): Promise<void>
  /** Ends those that are over and records use: called now and then. */
  tidy(): Promise<void>
}

export interface SignInFrom {
  readonly address: string
  /** The secret of a browser that has been here before, if it brings one. */
  readonly browserSecret: string | null
}

export const createSessions = (ledger: Ledger, clock: Clock, times: AccountTimes, newSecret: NewSecret): Sessions => {
  const { fold } = ledger
  const endOf = (session: SessionState): 'idle' | 'expired' | null => {
    const nowMs = clock.now()
    if (nowMs >= session.expiresAt) return 'expired'
    return nowMs - session.seenAt >= times.idleMs ? 'idle' : null
  }
  const living = (session: string): SessionState | null => {
    const known = fold.sessions.get(session)
    return known !== undefined && endOf(known) === null && fold.accounts.get(known.account)?.disabled === false ? known : null
  }

  return {
    bySecret(secret) {
      const session = living(sha256Hex(secret))
      if (session === null) return null
      session.seenAt = clock.now()
      const account = fold.accounts.get(session.account)!
      return principalOf(account, session.session, session.expiresAt, secret)
    },
    lives: (session) => living(session) !== null,
    begin(account, way, { address, browserSecret }, code) {
      const at = clock.now()
      const secret = newSecret()
      const session = sha256Hex(secret)
      const browserKnown = browserSecret !== null && account.browsers.has(sha256Hex(browserSecret)) && way !== 'password-change'
      const newBrowser = browserKnown ? null : newSecret()
      const expiresAt = at + times.sessionMs
      const mine = fold.sessionsOf(account.account)
      const oldest = mine.length >= accountLimits.sessionsPerAccountMax ? mine.toSorted((a, b) => a.seenAt - b.seenAt)[0]! : null
      const events: AccountEvent[] = [
        ...(oldest === null ? [] : [{ type: 'session.ended', at, session: oldest.session, because: 'too-many' } as const]),
        {
          type: 'session.started',
          at,
          account: account.account,
          session,
          way,
          address,
          expiresAt,
          ...(code === undefined ? {} : { code }),
          browser: sha256Hex(newBrowser ?? browserSecret!),
        },
      ]
      return {
        events,
        signedIn: { ok: true, who: principalOf(account, session, expiresAt, secret), sessionSecret: secret, browserSecret: newBrowser },
      }
    },
    end: (session) =>
      ledger.inTurn(() => ({
        events: fold.sessions.has(session) ? [{ type: 'session.ended', at: clock.now(), session, because: 'signed-out' }] : [],
        answer: undefined,
      })),
    tidy: () =>
      ledger.inTurn(() => {
        const at = clock.now()
        const events: AccountEvent[] = []
        for (const session of fold.sessions.values()) {
          const because = endOf(session)
          if (because !== null) events.push({ type: 'session.ended', at, session: session.session, because })
          else if (session.seenAt - session.loggedSeenAt >= accountLimits.seenEveryMs)
            events.push({ type: 'session.seen', at: session.seenAt, session: session.session })
        }
        return { events, answer: undefined }
      }),
  }
}

const principalOf = (account: AccountState, session: string, expiresAt: number, secret: string): SessionPrincipal => ({
  kind: 'session',
  session,
  account: account.account,
  displayName: account.displayName,
  role: account.role,
  hasPassword: account.passwordHash !== null,
  csrfToken: csrfTokenOf(secret),
  expiresAt,
})
