import type { Role, TokenScope } from '../../contracts/api/access.ts'
import type { AccountEvent, SignInWay } from './account-event.ts'
import { accountLimits } from './limits.ts'

export interface AccountState {
  readonly account: string
  readonly createdAt: number
  displayName: string
  role: Role
  disabled: boolean
  passwordHash: string | null
  lastSignInAt: number | null
  /** The one outstanding link. */
  link: { readonly code: string; readonly expiresAt: number } | null
  /** Hashes of browsers that have signed in with a password or link, oldest first. */
  readonly browsers: Set<string>
  /** Counts what admins did to it; and who was the last. */
  version: number
  changedBy: string
}

export interface SessionState {
  readonly session: string
  readonly account: string
  readonly way: SignInWay
  readonly startedAt: number
  readonly expiresAt: number
  /** As the log knows it; `seenAt` may be newer in memory. */
  loggedSeenAt: number
  seenAt: number
}

export interface TokenState {
  readonly token: string
  readonly account: string
  readonly name: string
  readonly scope: TokenScope
  readonly secret: string
  readonly createdAt: number
  readonly expiresAt: number
  lastUsedAt: number | null
  loggedUsedAt: number
}

/** The accounts in memory: the fold of `accounts.v1`. */
export interface AccountFold {
  readonly accounts: ReadonlyMap<string, AccountState>
  /** By the hash of their secret. */
  readonly sessions: ReadonlyMap<string, SessionState>
  readonly tokens: ReadonlyMap<string, TokenState>
  tokenBySecret(secret: string): TokenState | undefined
  accountByLink(code: string): AccountState | undefined
  sessionsOf(account: string): readonly SessionState[]
  apply(event: AccountEvent): void
}

export const createAccountFold = (): AccountFold => {
  const accounts = new Map<string, AccountState>()
  const sessions = new Map<string, SessionState>()
  const tokens = new Map<string, TokenState>()
  const bySecret = new Map<string, TokenState>()
  const byLink = new Map<string, AccountState>()

  const sessionsOf = (account: string): SessionState[] => [...sessions.values()].filter((one) => one.account === account)
  const endSessions = (account: string): void => {
    for (const { session } of sessionsOf(account)) sessions.delete(session)
  }
  const dropLink = (account: AccountState): void => {
    if (account.link !== null) byLink.delete(account.link.code)
    account.link = null
  }
  const dropToken = (token: TokenState): void => {
    tokens.delete(token.token)
    bySecret.delete(token.secret)
  }

  const apply = (event: AccountEvent): void => {
    switch (event.type) {
      case 'account.created': {
        const { account, displayName, role, at, actor } = event
        accounts.set(account, {
          account,
          displayName,
          role,
          createdAt: at,
          disabled: false,
          passwordHash: null,
          lastSignInAt: null,
          link: null,
          browsers: new Set(),
          version: 1,
          changedBy: actor,
        })
        return
      }
      case 'account.changed': {
        const known = accounts.get(event.account)
        if (known === undefined) return
        const roleMoved = event.role !== undefined && event.role !== known.role
        known.displayName = event.displayName ?? known.displayName
        known.role = event.role ?? known.role
        known.disabled = event.disabled ?? known.disabled
        known.version++
        known.changedBy = event.actor
        if (roleMoved || known.disabled) endSessions(event.account)
        if (known.disabled) {
          dropLink(known)
          for (const token of tokens.values()) if (token.account === event.account) dropToken(token)
        }
        return
      }
      case 'password.set': {
        const known = accounts.get(event.account)
        if (known === undefined) return
        known.passwordHash = event.passwordHash
        // Whoever has the old password somewhere is out, and so is whoever was let in by it.
        known.browsers.clear()
        dropLink(known)
        endSessions(event.account)
        return
      }
      case 'link.made': {
        const known = accounts.get(event.account)
        if (known === undefined) return
        dropLink(known)
        known.link = { code: event.code, expiresAt: event.expiresAt }
        byLink.set(event.code, known)
        return
      }
      case 'session.started': {
        const known = accounts.get(event.account)
        if (known === undefined) return
        known.lastSignInAt = event.at
        if (event.code !== undefined && known.link?.code === event.code) dropLink(known)
        if (event.browser !== undefined) {
          known.browsers.delete(event.browser)
          known.browsers.add(event.browser)
          if (known.browsers.size > accountLimits.browsersPerAccountMax) known.browsers.delete(known.browsers.values().next().value!)
        }
        const { session, account, way, at, expiresAt } = event
        sessions.set(session, { session, account, way, startedAt: at, expiresAt, loggedSeenAt: at, seenAt: at })
        return
      }
      case 'session.seen': {
        const known = sessions.get(event.session)
        if (known === undefined) return
        known.loggedSeenAt = event.at
        known.seenAt = Math.max(known.seenAt, event.at)
        return
      }
      case 'session.ended':
        sessions.delete(event.session)
        return
      case 'sign-in.failed':
        return
      case 'token.made': {
        const { token, account, name, scope, secret, at, expiresAt } = event
        const made: TokenState = { token, account, name, scope, secret, createdAt: at, expiresAt, lastUsedAt: null, loggedUsedAt: 0 }
        tokens.set(token, made)
        bySecret.set(secret, made)
        return
      }
      case 'token.used': {
        const known = tokens.get(event.token)
        if (known === undefined) return
        known.loggedUsedAt = event.at
        known.lastUsedAt = Math.max(known.lastUsedAt ?? 0, event.at)
        return
      }
      case 'token.ended': {
        const known = tokens.get(event.token)
        if (known !== undefined) dropToken(known)
      }
    }
  }

  return {
    accounts,
    sessions,
    tokens,
    tokenBySecret: (secret) => bySecret.get(secret),
    accountByLink: (code) => byLink.get(code),
    sessionsOf,
    apply,
  }
}
