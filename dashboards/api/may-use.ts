import { tokenScopes } from '../../contracts/api/access.ts'
import type { Route } from '../../contracts/api/routes.ts'
import type { Principal } from '../accounts/principal.ts'
import { refuse, type Refusal } from './refusal.ts'

/** The one rule of who may: the table's roles for everybody, the table's scope for a token besides. Null when it is fine. */
export const mayUse = ({ may, scope }: Pick<Route, 'may' | 'scope'>, who: Principal | null): Refusal | null => {
  if (may === 'public') return null
  if (who === null) return refuse(401, 'not-signed-in', 'Sign in first', {}, { 'www-authenticate': 'Bearer realm="wardwatch"' })
  if (!may.includes(who.role))
    return refuse(403, 'role', `It takes the role ${may.join(' or ')}`, {
      detail: `${who.account} has the role ${who.role}.`,
      roles: [...may],
    })
  if (who.kind === 'token') {
    if (scope === null) return refuse(403, 'session-only', 'No token may do this: sign in', { roles: [...may] })
    if (tokenScopes.indexOf(who.scope) < tokenScopes.indexOf(scope))
      return refuse(403, 'scope', `It takes a token with the scope ${scope}`, {
        detail: `This one has the scope ${who.scope}.`,
        roles: [...may],
      })
  }
  return null
}
