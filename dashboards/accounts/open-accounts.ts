import { randomBytes } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { TopicFold } from '../../contracts/topic-fold.ts'
import { openLedger } from './ledger.ts'
import { type AccountTimes, defaultAccountTimes } from './limits.ts'
import { createPeople, type People } from './people.ts'
import type { Principal } from './principal.ts'
import { type NewSecret, sha256Hex } from './secrets.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createSignInDelay, type SignInDelayLimits, signInDelayLimits } from './sign-in-delay.ts'
import { createTokens, type Tokens } from './tokens.ts'

export interface Accounts {
  readonly people: People
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly signIn: SignIn
  /** The hash of a browser that some account is known to use; null for another. @param secret what it brings */
  knownBrowser(secret: string | null): string | null
  /** Whether whoever asked may go on: the session or token still lives, and the role is as it was. */
  still(who: Principal): boolean
  /** For whoever reads on in the topic while another process leads. */
  readonly following: TopicFold
  stats(): Readonly<Record<string, number>>
  close(): Promise<void>
}

export interface AccountsOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly times?: AccountTimes
  readonly delayLimits?: SignInDelayLimits
  readonly newSecret?: NewSecret
  readonly newId?: () => string
  readonly tidyEveryMs?: number
  /** Whether this process writes the topic; only reads it otherwise. Default: it does. */
  readonly leads?: () => boolean
}

/** The console's accounts, from and to `accounts.v1`. One process at a time writes. */
export const openAccounts = async (options: AccountsOptions): Promise<Accounts> => {
  const {
    log,
    clock,
    logger,
    times = defaultAccountTimes,
    delayLimits = signInDelayLimits,
    tidyEveryMs = 60_000,
    leads = () => true,
  } = options
  const newSecret = options.newSecret ?? (() => randomBytes(32).toString('base64url'))
  const newId = options.newId ?? (() => randomBytes(9).toString('base64url'))
  const ledger = await openLedger(log, logger, leads)
  const sessions = createSessions(ledger, clock, times, newSecret)
  const tokens = createTokens(ledger, clock, newSecret, newId, logger)
  const delay = createSignInDelay(clock, delayLimits)
  const signIn = createSignIn({ ledger, sessions, delay, clock, logger })

  const tidy = async (everything = false): Promise<void> => {
    if (!leads()) return
    try {
      await sessions.tidy()
      await tokens.tidy()
      await signIn.flush(everything)
    } catch (error) {
      logger.warn({ err: error }, 'the accounts could not be tidied; trying again')
    }
  }
  const timer = setInterval(() => void tidy(), tidyEveryMs)
  timer.unref()

  return {
    people: createPeople(ledger, clock, times, newSecret, logger),
    sessions,
    tokens,
    signIn,
    knownBrowser(secret) {
      if (secret === null) return null
      const browser = sha256Hex(secret)
      for (const { browsers } of ledger.fold.accounts.values()) if (browsers.has(browser)) return browser
      return null
    },
    still: (who) =>
      (who.kind === 'session' ? sessions.lives(who.session) : tokens.lives(who.token)) &&
      ledger.fold.accounts.get(who.account)?.role === who.role,
    following: ledger.following,
    stats: () => ({
      accounts: ledger.fold.accounts.size,
      sessions: ledger.fold.sessions.size,
      tokens: ledger.fold.tokens.size,
      delayedSignIns: delay.size,
    }),
    async close() {
      clearInterval(timer)
      await tidy(true)
    },
  }
}
