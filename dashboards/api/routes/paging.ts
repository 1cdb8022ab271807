import { rulesVersion } from '../../../contracts/paging-desk.ts'
import type { Handlers } from '../handler.ts'
import type { ApiParts } from '../parts.ts'
import { ifMatchMissing, notFound, refuse, type Refusal } from '../refusal.ts'

type Ids = 'listNotifiers' | 'putNotifier' | 'deleteNotifier' | 'testNotifier' | 'pagingRules' | 'putPagingRules' | 'listPages'

const idPattern = /^[a-z0-9][a-z0-9-]{0,47}$/

export const pagingRoutes = ({ paging }: Pick<ApiParts, 'paging'>): Handlers<Ids> => {
  const exists = (id: string): boolean => paging.notifiers().some((notifier) => notifier.id === id)
  const refused = (problem: string): Refusal => refuse(409, 'paging', 'That can not be done', { detail: problem })
  const shown = () => {
    const rules = [...paging.rules()]
    const version = rulesVersion(rules)
    return { answer: { rules, version, timeZone: paging.timeZone }, etag: version }
  }
  return {
    listNotifiers: () => ({ answer: { items: [...paging.notifiers()] } }),
    async putNotifier({ who, at, body, version }) {
      if (!idPattern.test(at.id)) return refuse(400, 'invalid', 'A channel is named with lower-case letters, digits and -')
      if (version === 0 && exists(at.id)) return ifMatchMissing()
      const put = await paging.putNotifier(who.account, at.id, body, version)
      return put.ok ? { answer: put.notifier, etag: put.notifier.version } : refused(put.problem)
    },
    async deleteNotifier({ who, at, version }) {
      if (!exists(at.id)) return notFound('channel')
      const deleted = await paging.deleteNotifier(who.account, at.id, version)
      return deleted.ok ? { answer: undefined } : refused(deleted.problem)
    },
    testNotifier: async ({ at }) => (exists(at.id) ? { answer: await paging.test(at.id) } : notFound('channel')),
    pagingRules: shown,
    async putPagingRules({ who, body, version }) {
      const put = await paging.putRules(who.account, body.rules, version)
      return put.ok ? shown() : refused(put.problem)
    },
    listPages: () => ({ answer: { items: [...paging.pages()] } }),
  }
}
