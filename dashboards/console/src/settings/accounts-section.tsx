import { useState } from 'react'
import type { Account, Role } from '../../../../contracts/api/access.ts'
import { useDesk } from '../desk.ts'
import { dayTime } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useMe } from '../state/session.ts'
import { SecretNote } from './secret-note.tsx'
import { useChange, useSettings } from './use-list.ts'

/** contracts/api/access.ts has the same (route-list.test.ts compares the order). */
const roles: readonly (readonly [Role, string])[] = [
  ['viewer', 'sees everything, changes nothing'],
  ['analyst', 'triages alerts'],
  ['responder', 'and records containment'],
  ['admin', 'and manages accounts and paging'],
]

interface Link {
  readonly account: string
  readonly url: string
  readonly expiresAt: number
}

export const AccountsSection = () => {
  const { client, clock } = useDesk()
  const me = useMe()
  const accounts = useSettings('listAccounts', 'accounts')
  const [link, setLink] = useState<Link | null>(null)
  const change = useChange('accounts', ({ of: { account, version }, ...body }: { of: Account; role?: Role; disabled?: boolean }) =>
    client.call('changeAccount', { params: { account }, body, version }),
  )
  const makeLink = useChange(
    'accounts',
    async (account: string) => ({ account, ...(await client.call('linkAccount', { params: { account } })) }),
    (made) => setLink(made),
  )
  const nowMs = clock.nowMs()
  return (
    <div className="sections">
      {link === null ? null : (
        <SecretNote
          title={`One-time link for ${link.account}`}
          secret={link.url}
          hint={`It signs in once, until ${dayTime(link.expiresAt, nowMs)}. Give it to nobody else.`}
          onDone={() => setLink(null)}
        />
      )}
      {[accounts, change, makeLink].map((one, at) => (one.isError ? <ProblemNote key={at} error={one.error} /> : null))}
      <div className="table-box" tabIndex={0} role="region" aria-label="All accounts">
        <table className="table">
          <thead>
            <tr>
              <th>Account</th>
              <th>Name</th>
              <th>Role</th>
              <th>Password</th>
              <th>Last sign-in</th>
              <th>
                <span className="sr">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {accounts.data?.items.map((account) => (
              <Row
                key={account.account}
                account={account}
                nowMs={nowMs}
                self={account.account === me.account}
                onRole={(role) => change.mutate({ of: account, role })}
                onDisabled={(disabled) => change.mutate({ of: account, disabled })}
                onLink={() => makeLink.mutate(account.account)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <NewAccount onMade={setLink} />
    </div>
  )
}

const Row = ({
  account,
  nowMs,
  self,
  onRole,
  onDisabled,
  onLink,
}: {
  account: Account
  nowMs: number
  self: boolean
  onRole: (role: Role) => void
  onDisabled: (disabled: boolean) => void
  onLink: () => void
}) => (
  <tr className={account.disabled ? 'off' : ''}>
    <td className="mono">{account.account}</td>
    <td>{account.displayName}</td>
    <td>
      <select
        className="input compact"
        aria-label={`Role of ${account.account}`}
        value={account.role}
        disabled={self}
        title={self ? 'Another admin has to change your role' : undefined}
        onChange={(event) => onRole(event.currentTarget.value as Role)}
      >
        {roles.map(([role]) => (
          <option key={role} value={role}>
            {role}
          </option>
        ))}
      </select>
    </td>
    <td className="soft">{account.hasPassword ? 'set' : 'none'}</td>
    <td className="mono">{account.lastSignInAt === null ? 'never' : dayTime(account.lastSignInAt, nowMs)}</td>
    <td className="row-buttons">
      <button type="button" className="button small" onClick={onLink} disabled={account.disabled}>
        New link
      </button>
      <button
        type="button"
        className="button small"
        onClick={() => onDisabled(!account.disabled)}
        disabled={self}
        title={self ? 'Another admin has to disable you' : undefined}
      >
        {account.disabled ? 'Enable' : 'Disable'}
      </button>
    </td>
  </tr>
)

const NewAccount = ({ onMade }: { onMade: (link: Link) => void }) => {
  const { client } = useDesk()
  const [account, setAccount] = useState('')
  const [displayName, setDisplayName] = useState('')
  const [role, setRole] = useState<Role>('analyst')
  const create = useChange(
    'accounts',
    () => client.call('createAccount', { body: { account, displayName, role } }),
    (made) => {
      onMade({ account: made.account.account, ...made.link })
      setAccount('')
      setDisplayName('')
    },
  )
  return (
    <section>
      <h2>New account</h2>
      <form
        className="form wide"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <label className="field">
          <span>Account</span>
          <input
            className="input"
            value={account}
            onChange={(event) => setAccount(event.currentTarget.value)}
            required
            maxLength={64}
            pattern="[a-z0-9]([a-z0-9._\-]{0,62}[a-z0-9])?"
            title="Lower-case letters, digits, . _ -"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="rosa.klein"
          />
        </label>
        <label className="field">
          <span>Name</span>
          <input
            className="input"
            value={displayName}
            onChange={(event) => setDisplayName(event.currentTarget.value)}
            required
            maxLength={64}
            placeholder="Rosa Klein"
          />
        </label>
        <label className="field">
          <span>Role</span>
          <select className="input" value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
            {roles.map(([value, text]) => (
              <option key={value} value={value}>
                {value}: {text}
              </option>
            ))}
          </select>
        </label>
        {create.isError ? <ProblemNote error={create.error} /> : null}
        <button type="submit" className="button" disabled={create.isPending}>
          Make it, with a one-time link
        </button>
      </form>
    </section>
  )
}
