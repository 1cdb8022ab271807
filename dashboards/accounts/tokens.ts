import type { ApiToken, TokenScope } from '../../contracts/api/access.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { AccountEvent } from './account-event.ts'
import type { TokenState } from './fold.ts'
import type { Ledger } from './ledger.ts'
import { accountLimits } from './limits.ts'
import type { Principal } from './principal.ts'
import { type NewSecret, sha256Hex, tokenPrefix } from './secrets.ts'

const dayMs = 86_400_000

type TokenPrincipal = Extract<Principal, { kind: 'token' }>

export interface Tokens {
  /** Who a bearer's token belongs to, with the account's role as it is now. */
  bySecret(secret: string): TokenPrincipal | null
  lives(token: string): boolean
  /** @param account whose; null for everybody's */
  list(account: string | null): readonly ApiToken[]
  create(
    account: string,
    request: { readonly name: string; readonly scope: TokenScope; readonly expiresInDays: number },
  ): Promise<{ readonly ok: true; readonly token: ApiToken; readonly secret: string } | { readonly ok: false; readonly detail: string }>
  /** @param owner whose it must be; null: anybody's. False when there is none. */
  revoke(actor: string, id: string, owner: string | null): Promise<boolean>
  /** Ends those that are over and records use: called now and then. */
  tidy(): Promise<void>
}

export const createTokens = (ledger: Ledger, clock: Clock, newSecret: NewSecret, newId: () => string, logger: Logger): Tokens => {
  const { fold } = ledger
  const usable = (token: TokenState | undefined): token is TokenState =>
    token !== undefined && clock.now() < token.expiresAt && fold.accounts.get(token.account)?.disabled === false
  return {
    bySecret(secret) {
      if (!secret.startsWith(tokenPrefix)) return null
      const token = fold.tokenBySecret(sha256Hex(secret))
      if (!usable(token)) return null
      token.lastUsedAt = clock.now()
      const { account, displayName, role, passwordHash } = fold.accounts.get(token.account)!
      return {
        kind: 'token',
        token: token.token,
        scope: token.scope,
        account,
        displayName,
        role,
        hasPassword: passwordHash !== null,
        expiresAt: token.expiresAt,
      }
    },
    lives: (id) => usable(fold.tokens.get(id)),
    list: (account) =>
      [...fold.tokens.values()]
        .filter((token) => (account === null || token.account === account) && token.expiresAt > clock.now())
        .map(viewOf)
        .toSorted((a, b) => b.createdAt - a.createdAt),
    async create(account, { name, scope, expiresInDays }) {
      const secret = `${tokenPrefix}${newSecret()}`
      const token = newId()
      const at = clock.now()
      const expiresAt = at + expiresInDays * dayMs
      const room = await ledger.inTurn(() => {
        const held = [...fold.tokens.values()].filter((one) => one.account === account && one.expiresAt > at).length
        if (held >= accountLimits.tokensPerAccountMax) return { events: [], answer: false }
        const made: AccountEvent = {
          type: 'token.made',
          at,
          actor: account,
          token,
          account,
          name,
          scope,
          secret: sha256Hex(secret),
          expiresAt,
        }
        return { events: [made], answer: true }
      })
      if (!room) return { ok: false, detail: `an account has at most ${accountLimits.tokensPerAccountMax} tokens: revoke one first` }
      logger.info({ account, tokenId: token, scope, expiresAt }, 'an API token was made')
      return { ok: true, token: viewOf(fold.tokens.get(token)!), secret }
    },
    async revoke(actor, id, owner) {
      const ended = await ledger.inTurn(() => {
        const token = fold.tokens.get(id)
        if (token === undefined || (owner !== null && token.account !== owner)) return { events: [], answer: false }
        return { events: [{ type: 'token.ended', at: clock.now(), actor, token: id }], answer: true }
      })
      if (ended) logger.info({ actor, tokenId: id }, 'an API token was revoked')
      return ended
    },
    tidy: () =>
      ledger.inTurn(() => {
        const at = clock.now()
        const events: AccountEvent[] = []
        for (const token of fold.tokens.values()) {
          if (at >= token.expiresAt) events.push({ type: 'token.ended', at, actor: 'wardwatch', token: token.token })
          else if (token.lastUsedAt !== null && token.lastUsedAt - token.loggedUsedAt >= accountLimits.seenEveryMs)
            events.push({ type: 'token.used', at: token.lastUsedAt, token: token.token })
        }
        return { events, answer: undefined }
      }),
  }
}

const viewOf = ({ token, name, account, scope, createdAt, expiresAt, lastUsedAt }: TokenState): ApiToken => ({
  id: token,
  name,
  account,
  scope,
  createdAt,
  expiresAt,
  lastUsedAt,
})
