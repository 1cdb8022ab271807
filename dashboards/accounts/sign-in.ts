import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { hashPassword, passwordFault, verifyPassword } from '../../registry/passwords.ts'
import { createBoundedWork } from './bounded-work.ts'
import { createFailureAudit } from './failure-audit.ts'
import type { Ledger } from './ledger.ts'
import { accountLimits } from './limits.ts'
import type { NotSignedIn, Principal, SignedIn } from './principal.ts'
import { sha256Hex } from './secrets.ts'
import type { Sessions, SignInFrom } from './sessions.ts'
import type { SignInDelay } from './sign-in-delay.ts'

export interface SignIn {
  byLink(code: string, from: SignInFrom): Promise<SignedIn | NotSignedIn>
  byPassword(account: string, password: string, from: SignInFrom): Promise<SignedIn | NotSignedIn>
  /** Sets one's own password, ends every session of the account and begins a new one for who asked. */
  changePassword(
    who: Extract<Principal, { kind: 'session' }>,
    current: string | null,
    next: string,
    from: SignInFrom,
  ): Promise<SignedIn | NotSignedIn | { readonly ok: false; readonly reason: 'unfit'; readonly detail: string }>
  /** Records failures that were only counted; `everything` at the end. */
  flush(everything?: boolean): Promise<void>
}

/** Each hashing takes 19 MiB and 15 ms of a core. */
const hashingAtOnceMax = 2
const hashingWaitingMax = 32

interface Parts {
  readonly ledger: Ledger
  readonly sessions: Sessions
  readonly delay: SignInDelay
  readonly clock: Clock
  readonly logger: Logger
}

export const createSignIn = ({ ledger, sessions, delay, clock, logger }: Parts): SignIn => {
  const { fold } = ledger
  const hashing = createBoundedWork(hashingAtOnceMax, hashingWaitingMax)
  const audit = createFailureAudit(clock, logger)
  // The first unknown name must not take longer than the second: the hash that nobody has is made now.
  const ready = hashing.run(true, () => verifyPassword(null, 'nobody'))

  const failed = async (account: string | null, address: string, way: 'link' | 'password'): Promise<NotSignedIn> => {
    const event = audit.failed({ account, address, way })
    // Not awaited for the answer's time: an unknown name must not be told by how long it took to write.
    if (event !== null)
      ledger
        .inTurn(() => ({ events: [event], answer: undefined }))
        .catch((error: unknown) => logger.error({ err: error }, 'a failed sign-in could not be recorded'))
    return { ok: false, reason: 'wrong' }
  }
  const told = (signedIn: SignedIn, way: string, address: string): SignedIn => {
    logger.info({ account: signedIn.who.account, address, way }, 'signed in')
    return signedIn
  }
  /** The hash of the browser, when the account knows it. */
  const knownBrowser = (account: string, { browserSecret }: SignInFrom): string | null => {
    if (browserSecret === null) return null
    const browser = sha256Hex(browserSecret)
    return fold.accounts.get(account)?.browsers.has(browser) === true ? browser : null
  }

  return {
    async byLink(code, from) {
      const begun = delay.begin(null, from.address, null)
      if (!begun.ok) return { ok: false, reason: 'later', retryAfterMs: begun.retryAfterMs }
      const hash = sha256Hex(code)
      const signedIn = await ledger.inTurn<SignedIn | null>(() => {
        const account = fold.accountByLink(hash)
        if (account?.link == null || account.disabled || clock.now() >= account.link.expiresAt) return { events: [], answer: null }
        const { events, signedIn } = sessions.begin(account, 'link', from, hash)
        return { events, answer: signedIn }
      })
      if (signedIn === null) return failed(null, from.address, 'link')
      begun.succeeded()
      return told(signedIn, 'link', from.address)
    },
    async byPassword(name, password, from) {
      const browser = knownBrowser(name, from)
      const begun = delay.begin(name, from.address, browser)
      if (!begun.ok) return { ok: false, reason: 'later', retryAfterMs: begun.retryAfterMs }
      await ready
      const known = fold.accounts.get(name)
      const passwordHash = known === undefined || known.disabled ? null : known.passwordHash
      const judged = await hashing.run(browser !== null, () => verifyPassword(passwordHash, password))
      if (!judged.ok) {
        begun.withdrawn()
        return { ok: false, reason: 'busy' }
      }
      if (!judged.value) return failed(known === undefined ? null : name, from.address, 'password')
      const signedIn = await ledger.inTurn<SignedIn | null>(() => {
        const account = fold.accounts.get(name)
        // It may have been disabled, or its password changed, while this one was hashed.
        if (account === undefined || account.disabled || account.passwordHash !== passwordHash) return { events: [], answer: null }
        const { events, signedIn } = sessions.begin(account, 'password', from)
        return { events, answer: signedIn }
      })
      if (signedIn === null) return failed(name, from.address, 'password')
      begun.succeeded()
      return told(signedIn, 'password', from.address)
    },
    async changePassword(who, current, next, from) {
      const fault = passwordFault(next)
      if (fault !== null) return { ok: false, reason: 'unfit', detail: fault }
      const session = fold.sessions.get(who.session)
      const account = fold.accounts.get(who.account)
      if (session === undefined || account === undefined) return { ok: false, reason: 'wrong' }
      const passwordHash = account.passwordHash
      const byFreshLink = session.way === 'link' && clock.now() - session.startedAt < accountLimits.linkSetsPasswordMs
      if (passwordHash !== null && !byFreshLink) {
        if (current === null) return { ok: false, reason: 'wrong' }
        const begun = delay.begin(who.account, `session ${who.session}`, null)
        if (!begun.ok) return { ok: false, reason: 'later', retryAfterMs: begun.retryAfterMs }
        const judged = await hashing.run(true, () => verifyPassword(passwordHash, current))
        if (!judged.ok) {
          begun.withdrawn()
          return { ok: false, reason: 'busy' }
        }
        if (!judged.value) return failed(who.account, from.address, 'password')
        begun.succeeded()
      }
      const hashed = await hashing.run(true, () => hashPassword(next))
      if (!hashed.ok) return { ok: false, reason: 'busy' }
      const signedIn = await ledger.inTurn<SignedIn | null>(() => {
        // Signed out, disabled or changed meanwhile: a session that ended can set nothing.
        if (!sessions.lives(who.session) || account.passwordHash !== passwordHash) return { events: [], answer: null }
        const { events, signedIn } = sessions.begin(account, 'password-change', from)
        const set = { type: 'password.set', at: clock.now(), actor: who.account, account: who.account, passwordHash: hashed.value } as const
        return { events: [set, ...events], answer: { ...signedIn, who: { ...signedIn.who, hasPassword: true } } }
      })
      if (signedIn === null) return { ok: false, reason: 'wrong' }
      logger.info({ account: who.account, address: from.address }, 'a password was set; every session of the account ended')
      return signedIn
    },
    flush(everything) {
      return ledger.inTurn(() => ({ events: audit.due(everything), answer: undefined }))
    },
  }
}
