import type { Account, Role } from '../../contracts/api/access.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { AccountEvent } from './account-event.ts'
import type { AccountState } from './fold.ts'
import type { Ledger } from './ledger.ts'
import { accountLimits, type AccountTimes } from './limits.ts'
import { type NewSecret, sha256Hex } from './secrets.ts'

export interface LinkCode {
  readonly code: string
  readonly expiresAt: number
}

export type AccountRefusal = {
  readonly ok: false
  readonly reason: 'taken' | 'too-many' | 'no-account' | 'last-admin' | 'disabled' | 'changed'
  readonly detail: string
}

export interface AccountChange {
  readonly displayName?: string
  readonly role?: Role
  readonly disabled?: boolean
}

/** Accounts as an admin sees them. */
export interface People {
  list(): readonly Account[]
  account(name: string): Account | undefined
  create(
    actor: string,
    account: { readonly account: string; readonly displayName: string; readonly role: Role },
    linkMs?: number,
  ): Promise<{ readonly ok: true; readonly account: Account; readonly link: LinkCode } | AccountRefusal>
  /** @param version that the actor saw; refused when it is another by now. Without it the check is skipped. */
  change(
    actor: string,
    name: string,
    change: AccountChange,
    version?: number,
  ): Promise<{ readonly ok: true; readonly account: Account } | AccountRefusal>
  /** A new one-time link; the one before is void. @param linkMs how long it is good, if not as the settings say */
  link(actor: string, name: string, linkMs?: number): Promise<{ readonly ok: true; readonly link: LinkCode } | AccountRefusal>
}

export const createPeople = (ledger: Ledger, clock: Clock, times: AccountTimes, newSecret: NewSecret, logger: Logger): People => {
  const { fold } = ledger
  const refuse = (reason: AccountRefusal['reason'], detail: string) => ({ events: [], answer: { ok: false, reason, detail } as const })
  const linkFor = (actor: string, account: string, linkMs: number): { link: LinkCode; event: AccountEvent } => {
    const code = newSecret()
    const at = clock.now()
    return {
      link: { code, expiresAt: at + linkMs },
      event: { type: 'link.made', at, actor, account, code: sha256Hex(code), expiresAt: at + linkMs },
    }
  }
  const after = async <T extends { readonly ok: true } | AccountRefusal>(
    answer: Promise<T>,
    fields: object,
    message: string,
  ): Promise<T> => {
    const settled = await answer
    if (settled.ok) logger.info(fields, message)
    return settled
  }
  const current = (name: string): Account => viewOf(fold.accounts.get(name)!)

  return {
    list: () => [...fold.accounts.values()].map(viewOf).toSorted((a, b) => (a.account < b.account ? -1 : 1)),
    account(name) {
      const known = fold.accounts.get(name)
      return known === undefined ? undefined : viewOf(known)
    },
    async create(actor, { account, displayName, role }, linkMs = times.linkMs) {
      type Made = { readonly ok: true; readonly link: LinkCode } | AccountRefusal
      const made = await after(
        ledger.inTurn<Made>(() => {
          if (fold.accounts.has(account)) return refuse('taken', `there is an account ${account}`)
          if (fold.accounts.size >= accountLimits.accountsMax)
            return refuse('too-many', `there are at most ${accountLimits.accountsMax} accounts`)
          const { link, event } = linkFor(actor, account, linkMs)
          return {
            events: [{ type: 'account.created', at: clock.now(), actor, account, displayName, role }, event],
            answer: { ok: true, link },
          }
        }),
        { actor, account, role },
        'an account was made',
      )
      return made.ok ? { ok: true, account: current(account), link: made.link } : made
    },
    async change(actor, name, change, version) {
      type Changed = { readonly ok: true } | AccountRefusal
      const changed = await after(
        ledger.inTurn<Changed>(() => {
          const known = fold.accounts.get(name)
          if (known === undefined) return refuse('no-account', `there is no account ${name}`)
          if (version !== undefined && version !== known.version)
            return refuse('changed', `${known.changedBy} has changed it meanwhile: look again`)
          const losesAdmin = known.role === 'admin' && !known.disabled && ((change.role ?? 'admin') !== 'admin' || change.disabled === true)
          const admins = [...fold.accounts.values()].filter(({ role, disabled }) => role === 'admin' && !disabled).length
          if (losesAdmin && admins === 1) return refuse('last-admin', `${name} is the only admin: make another one first`)
          const event: AccountEvent = {
            type: 'account.changed',
            at: clock.now(),
            actor,
            account: name,
            ...(change.displayName === undefined ? {} : { displayName: change.displayName }),
            ...(change.role === undefined ? {} : { role: change.role }),
            ...(change.disabled === undefined ? {} : { disabled: change.disabled }),
          }
          return { events: [event], answer: { ok: true } }
        }),
        { actor, account: name, ...change },
        'an account was changed',
      )
      return changed.ok ? { ok: true, account: current(name) } : changed
    },
    link: (actor, name, linkMs = times.linkMs) =>
      after(
        ledger.inTurn<{ readonly ok: true; readonly link: LinkCode } | AccountRefusal>(() => {
          const known = fold.accounts.get(name)
          if (known === undefined) return refuse('no-account', `there is no account ${name}`)
          if (known.disabled) return refuse('disabled', `${name} is disabled`)
          const { link, event } = linkFor(actor, name, linkMs)
          return { events: [event], answer: { ok: true, link } }
        }),
        { actor, account: name },
        'a one-time link was made',
      ),
  }
}

const viewOf = ({ account, displayName, role, disabled, passwordHash, createdAt, lastSignInAt, version }: AccountState): Account => ({
  account,
  displayName,
  role,
  disabled,
  hasPassword: passwordHash !== null,
  createdAt,
  lastSignInAt,
  version,
})
