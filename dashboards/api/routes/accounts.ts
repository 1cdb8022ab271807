import type { SignedLink } from '../sign-in-url.ts'
import type { AccountRefusal, LinkCode } from '../../accounts/people.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { notFound, refuse, type Refusal } from '../refusal.ts'

type Ids = 'listAccounts' | 'createAccount' | 'changeAccount' | 'linkAccount' | 'listPeople' | 'listTokens' | 'createToken' | 'revokeToken'

export const accountRoutes = (
  { accounts }: Pick<ApiParts, 'accounts'>,
  signInLink: (link: LinkCode, host: string) => SignedLink,
): Handlers<Ids> => {
  const { people, tokens } = accounts
  const refused = ({ reason, detail }: AccountRefusal): Refusal =>
    reason === 'no-account' ? notFound('account') : refuse(409, reason, 'That can not be done', { detail })

  return {
    listAccounts: () => ({ answer: { items: [...people.list()] } }),
    async createAccount({ who, body, request }) {
      const made = await people.create(who.account, body)
      return made.ok ? { answer: { account: made.account, link: signInLink(made.link, request.host) } } : refused(made)
    },
    async changeAccount({ who, at, body, version }) {
      if (Object.keys(body).length === 0) return refuse(400, 'invalid', 'There is nothing to change')
      const changed = await people.change(who.account, at.account, body, version)
      return changed.ok ? { answer: changed.account, etag: changed.account.version } : refused(changed)
    },
    async linkAccount({ who, at, request }) {
      const made = await people.link(who.account, at.account)
      return made.ok ? { answer: signInLink(made.link, request.host) } : refused(made)
    },
    listPeople: () => ({
      answer: {
        items: people
          .list()
          .filter(({ disabled, role }) => !disabled && role !== 'viewer')
          .map(({ account, displayName }) => ({ account, displayName })),
      },
    }),
    listTokens: ({ who }) => ({ answer: { items: [...tokens.list(who.role === 'admin' ? null : who.account)] } }),
    async createToken({ who, body }) {
      const made = await tokens.create(who.account, body)
      return made.ok
        ? { answer: { token: made.token, secret: made.secret } }
        : refuse(409, 'too-many', 'That can not be done', { detail: made.detail })
    },
    revokeToken: async ({ who, at }) =>
      (await tokens.revoke(who.account, at.id, who.role === 'admin' ? null : who.account)) ? { answer: undefined } : notFound('token'),
  }
}
