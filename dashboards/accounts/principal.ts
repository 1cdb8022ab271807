import type { Role, TokenScope } from '../../contracts/api/access.ts'

interface Person {
  readonly account: string
  readonly displayName: string
  readonly role: Role
  readonly hasPassword: boolean
}

/** Who asks: a person in a session, or a script with a token of a person's. */
export type Principal =
  | (Person & { readonly kind: 'session'; readonly session: string; readonly csrfToken: string; readonly expiresAt: number })
  | (Person & { readonly kind: 'token'; readonly token: string; readonly scope: TokenScope; readonly expiresAt: number })

/** Who came in, and the secrets that the browser keeps. */
export interface SignedIn {
  readonly ok: true
  readonly who: Extract<Principal, { kind: 'session' }>
  readonly sessionSecret: string
  /** Null when the browser was known already. */
  readonly browserSecret: string | null
}
export type NotSignedIn =
  | { readonly ok: false; readonly reason: 'wrong' }
  | { readonly ok: false; readonly reason: 'later'; readonly retryAfterMs: number }
  | { readonly ok: false; readonly reason: 'busy' }
