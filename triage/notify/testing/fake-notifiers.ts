import type { NotifierSettings } from '../../../contracts/api/paging.ts'
import type { Notifier, Notifiers, PageMessage, Sent } from '../port.ts'

export interface SentPage {
  /** Where it went: the path of the webhook's address, or the kind. */
  readonly to: string
  readonly message: PageMessage
  readonly sent: Sent['outcome']
}

export interface FakeNotifiers {
  /** Those of a process that is there while `alive`. */
  notifiersWhile(alive: () => boolean): Notifiers
  /** Every attempt, oldest first. */
  readonly attempts: readonly SentPage[]
  /** What a channel answers from now on; a promise holds the attempt until it is settled; a function throws or looks at the page. */
  answer(to: string, sent: Sent | Promise<Sent> | ((message: PageMessage) => Sent)): void
  /** Called with each page just before it goes out. */
  onAttempt(listener: (to: string, message: PageMessage) => void): void
}

export const sentWell: Sent = { outcome: 'sent', warning: null }
export const away: Sent = { outcome: 'retry', problem: 'it can not be reached', afterMs: null }
export const refused: Sent = { outcome: 'refused', problem: 'it refused the page: 410' }

/** Channels that answer what the test says; of kind webhook, named by the path of their address. */
export const createFakeNotifiers = (): FakeNotifiers => {
  const attempts: SentPage[] = []
  const answers = new Map<string, Parameters<FakeNotifiers['answer']>[1]>()
  let onAttempt: (to: string, message: PageMessage) => void = () => {}
  const fake = <Kind extends NotifierSettings['kind']>(keepsState: boolean, alive: () => boolean): Notifier<Kind> => ({
    keepsState,
    async send(message, settings: NotifierSettings, signal) {
      if (!alive()) return new Promise<never>(() => {})
      const to = settings.kind === 'webhook' ? new URL(settings.url).pathname.slice(1) : settings.kind
      onAttempt(to, message)
      const answer = answers.get(to) ?? sentWell
      const stopped = new Promise<Sent>((resolve) => signal.addEventListener('abort', () => resolve(away), { once: true }))
      const sent = await Promise.race([typeof answer === 'function' ? answer(message) : answer, stopped])
      attempts.push({ to, message, sent: sent.outcome })
      return sent
    },
  })
  return {
    notifiersWhile: (alive) => ({
      webhook: fake(false, alive),
      pagerduty: fake(true, alive),
      slack: fake(false, alive),
      email: fake(false, alive),
    }),
    attempts,
    answer: (to, sent) => void answers.set(to, sent),
    onAttempt(listener) {
      onAttempt = listener
    },
  }
}
