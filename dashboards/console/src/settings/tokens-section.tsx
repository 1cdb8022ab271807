import { useState } from 'react'
import type { TokenScope } from '../../../../contracts/api/access.ts'
import { useDesk } from '../desk.ts'
import { dayTime } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useMe } from '../state/session.ts'
import { SecretNote } from './secret-note.tsx'
import { useChange, useSettings } from './use-list.ts'

const scopes: readonly (readonly [TokenScope, string])[] = [
  ['read', 'reads'],
  ['triage', 'reads and triages'],
  ['admin', 'everything that a token may'],
]

export const TokensSection = () => {
  const { client, clock } = useDesk()
  const me = useMe()
  const tokens = useSettings('listTokens', 'tokens')
  const [secret, setSecret] = useState<{ name: string; text: string } | null>(null)
  const [name, setName] = useState('')
  const [scope, setScope] = useState<TokenScope>('read')
  const [expiresInDays, setDays] = useState(90)
  const create = useChange(
    'tokens',
    () => client.call('createToken', { body: { name, scope, expiresInDays } }),
    (made) => {
      setSecret({ name: made.token.name, text: made.secret })
      setName('')
    },
  )
  const revoke = useChange('tokens', (id: string) => client.call('revokeToken', { params: { id } }))
  const nowMs = clock.nowMs()
  return (
    <div className="sections">
      <p className="soft">
        For scripts: the header “authorization: Bearer TOKEN”. A token can do what its account's role allows, and no more than its scope.
      </p>
      {secret === null ? null : (
        <SecretNote title={`Token ${secret.name}`} secret={secret.text} hint="It is shown this once." onDone={() => setSecret(null)} />
      )}
      {[tokens, revoke].map((one, at) => (one.isError ? <ProblemNote key={at} error={one.error} /> : null))}
      {tokens.data?.items.length === 0 ? <p className="muted">There is no token.</p> : null}
      {tokens.data === undefined || tokens.data.items.length === 0 ? null : (
        <div className="table-box" tabIndex={0} role="region" aria-label="Tokens">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Account</th>
                <th>Scope</th>
                <th>Made</th>
                <th>Expires</th>
                <th>Last used</th>
                <th>
                  <span className="sr">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {tokens.data.items.map((token) => (
                <tr key={token.id}>
                  <td>{token.name}</td>
                  <td className="mono">{token.account}</td>
                  <td>{token.scope}</td>
                  <td className="mono">{dayTime(token.createdAt, nowMs)}</td>
                  <td className={`mono ${token.expiresAt < nowMs ? 'high' : ''}`}>{dayTime(token.expiresAt, nowMs)}</td>
                  <td className="mono">{token.lastUsedAt === null ? 'never' : dayTime(token.lastUsedAt, nowMs)}</td>
                  <td className="row-buttons">
                    <button
                      type="button"
                      className="button small"
                      onClick={() => revoke.mutate(token.id)}
                      aria-label={`Revoke ${token.name}`}
                    >
                      Revoke
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <section>
        <h2>New token</h2>
        <form
          className="form wide"
          onSubmit={(event) => {
            event.preventDefault()
            create.mutate(undefined)
          }}
        >
          <label className="field">
            <span>Name</span>
            <input
              className="input"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              required
              maxLength={64}
              placeholder="Nightly export"
            />
          </label>
          <label className="field">
            <span>Scope</span>
            <select className="input" value={scope} onChange={(event) => setScope(event.currentTarget.value as TokenScope)}>
              {scopes
                .filter(([value]) => value !== 'admin' || me.role === 'admin')
                .map(([value, text]) => (
                  <option key={value} value={value}>
                    {value}: {text}
                  </option>
                ))}
            </select>
          </label>
          <label className="field">
            <span>Days until it expires</span>
            <input
              className="input"
              type="number"
              min={1}
              max={365}
              value={expiresInDays}
              onChange={(event) => setDays(Number(event.currentTarget.value))}
              required
            />
          </label>
          {create.isError ? <ProblemNote error={create.error} /> : null}
          <button type="submit" className="button" disabled={create.isPending}>
            Make it
          </button>
        </form>
      </section>
    </div>
  )
}
