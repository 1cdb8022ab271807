import { type Notifier as NotifierView, notifier as notifierSchema, notifierBody } from '../../contracts/api/paging.ts'
import { notifierMoved, type PagingDesk, rulesMoved, rulesVersion } from '../../contracts/paging-desk.ts'
import { composeTest } from './compose.ts'
import type { Channel } from './fold.ts'
import type { PagingBody } from './journal.ts'
import { rulesProblem } from './rules.ts'
import { hasSecret, mergeSecrets, withoutSecrets } from './secrets.ts'
import { attemptSend, noteAlive, type SendParts } from './send-page.ts'
import { unwantedBecause } from './wanted.ts'

interface EditParts extends SendParts {
  /** The state has changed: something may be due. */
  readonly changed: () => void
}

/** What people do to paging: its notifiers, its rules, a test. Every answer means that it is on disk. */
export const editPaging = (
  parts: EditParts,
): Pick<PagingDesk, 'notifiers' | 'putNotifier' | 'deleteNotifier' | 'test' | 'rules' | 'putRules'> => {
  const { desk, fold, journal, settings, clock, random, logger, view, reconcile, changed } = parts

  const shown = (channel: Channel): NotifierView => {
    const { id, title, enabled, health, lastSentAt, lastProblem, version } = channel
    const [safe, waiting] = [withoutSecrets(channel.settings), fold.waitingCount(id)]
    return { id, title, enabled, settings: safe, hasSecret: hasSecret(channel.settings), health, lastSentAt, lastProblem, waiting, version }
  }

  /** Records what was asked for; decided where the state is the newest. Answers why not, or null. */
  const record = async (decide: () => string | readonly PagingBody[]): Promise<string | null> => {
    const refusals: string[] = []
    await journal.write(() => {
      const decided = decide()
      if (typeof decided !== 'string') return { bodies: decided }
      refusals.push(decided)
      return { bodies: [] }
    })
    await journal.write(() => ({ bodies: [...fold.alerts()].flatMap((alert) => reconcile(alert)) }))
    changed()
    return refusals[0] ?? null
  }

  /** Pages that the old settings could not bring out and that are still wanted. */
  const revived = (notifier: string): PagingBody[] =>
    [...fold.alerts()].flatMap((id) =>
      fold.pagesOf(id).flatMap((page): PagingBody[] => {
        if (page.notifier !== notifier || page.state !== 'failed' || unwantedBecause(view(), page, desk.alert(id)) !== null) return []
        const { kind, alert, rule, step, severity, dueAt, acknowledged } = page
        return [{ type: 'page.queued', page: page.id, kind, alert, rule, step, notifier, severity, dueAt, acknowledged }]
      }),
    )

  return {
    notifiers: () => fold.channels().map(shown),
    async putNotifier(actor, id, body, version) {
      const parsed = notifierBody.safeParse(body)
      if (!notifierSchema.shape.id.safeParse(id).success || !parsed.success) return { ok: false, problem: 'this is not a notifier' }
      const { title, enabled } = parsed.data
      const problem = await record(() => {
        const before = fold.channel(id)
        const moved = notifierMoved(before, version)
        if (moved !== null) return moved
        if (before === undefined && fold.channels().length >= settings.notifiersMax)
          return `there are ${settings.notifiersMax} notifiers already`
        const merged = mergeSecrets(before?.settings, parsed.data.settings)
        return merged.ok ? [{ type: 'notifier.put', actor, notifier: id, title, enabled, settings: merged.settings }] : merged.problem
      })
      if (problem !== null) return { ok: false, problem }
      await record(() => revived(id))
      const channel = fold.channel(id)
      return channel === undefined ? { ok: false, problem: 'somebody deleted it meanwhile' } : { ok: true, notifier: shown(channel) }
    },
    async deleteNotifier(actor, id, version) {
      const problem = await record(() => {
        const moved = notifierMoved(fold.channel(id), version)
        if (moved !== null) return moved
        if (fold.channel(id) === undefined) return `there is no notifier ${id}`
        const rule = fold.rules().find(({ steps }) => steps.some(({ notifiers }) => notifiers.includes(id)))
        return rule === undefined ? [{ type: 'notifier.deleted', actor, notifier: id }] : `rule ${rule.id} names it`
      })
      return problem === null ? { ok: true } : { ok: false, problem }
    },
    async test(id) {
      const channel = fold.channel(id)
      if (channel === undefined) return { ok: false, problem: `there is no notifier ${id}` }
      const page = `test-${Math.floor(random() * 2 ** 48).toString(16)}`
      const sent = await attemptSend(parts, channel.settings, composeTest(id, page, clock.now()))
      const problem = sent.outcome === 'sent' ? sent.warning : sent.problem
      await journal.write(() => ({
        bodies: [{ type: 'notifier.tested', notifier: id, problem: sent.outcome === 'sent' ? null : problem }],
      }))
      if (sent.outcome === 'sent' && channel.deadAlert !== null) await noteAlive(desk, channel.deadAlert, logger)
      changed()
      return { ok: sent.outcome === 'sent', problem }
    },
    rules: () => fold.rules(),
    async putRules(actor, rules, version) {
      const problem = await record(() => {
        if (version !== undefined && rulesVersion(fold.rules()) !== version) return rulesMoved
        return rulesProblem(rules, fold.channels()) ?? [{ type: 'rules.put', actor, rules: [...rules] }]
      })
      return problem === null ? { ok: true } : { ok: false, problem }
    },
  }
}
