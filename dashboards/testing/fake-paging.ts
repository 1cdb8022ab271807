import type { Notifier, PagingRule } from '../../contracts/api/paging.ts'
import { notifierMoved, type PagingDesk, rulesMoved, rulesVersion } from '../../contracts/paging-desk.ts'

/** The pager in memory: keeps settings, sends nothing. */
export const createFakePaging = (): PagingDesk => {
  const notifiers = new Map<string, Notifier & { readonly changedBy: string }>()
  let changes = 0
  let rules: readonly PagingRule[] = []
  return {
    notifiers: () => [...notifiers.values()],
    putNotifier(actor, id, { title, enabled, settings }, version) {
      const moved = notifierMoved(notifiers.get(id), version)
      if (moved !== null) return Promise.resolve({ ok: false, problem: moved })
      const notifier = {
        id,
        title,
        enabled,
        settings: withoutSecret(settings),
        hasSecret: true,
        health: 'unknown' as const,
        lastSentAt: null,
        lastProblem: null,
        waiting: 0,
        version: ++changes,
        changedBy: actor,
      }
      notifiers.set(id, notifier)
      return Promise.resolve({ ok: true, notifier })
    },
    deleteNotifier(_actor, id, version) {
      const moved = notifierMoved(notifiers.get(id), version)
      if (moved !== null) return Promise.resolve({ ok: false, problem: moved })
      if (rules.some(({ steps }) => steps.some((step) => step.notifiers.includes(id))))
        return Promise.resolve({ ok: false, problem: 'a rule names it' })
      notifiers.delete(id)
      return Promise.resolve({ ok: true })
    },
    test: () => Promise.resolve({ ok: false, problem: 'nothing is sent here' }),
    rules: () => rules,
    putRules(_actor, next, version) {
      if (version !== undefined && rulesVersion(rules) !== version) return Promise.resolve({ ok: false, problem: rulesMoved })
      const unknown = next.flatMap(({ steps }) => steps.flatMap((step) => step.notifiers)).find((id) => !notifiers.has(id))
      if (unknown !== undefined) return Promise.resolve({ ok: false, problem: `there is no channel ${unknown}` })
      rules = next
      return Promise.resolve({ ok: true })
    },
    timeZone: 'Europe/Berlin',
    pages: () => [],
    stats: () => ({}),
  }
}

const withoutSecret = (settings: Notifier['settings']): Notifier['settings'] => {
  switch (settings.kind) {
    case 'webhook':
      return { ...settings, secret: null }
    case 'pagerduty':
      return { ...settings, routingKey: null }
    case 'slack':
      return { ...settings, url: null }
    case 'email':
      return { ...settings, password: null }
  }
}
