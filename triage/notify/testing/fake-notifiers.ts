import type { Notifier, Notifiers, PageMessage, Sent } from '../port.ts'
import type { NotifierSettings } from '../../../contracts/api/paging.ts'

export interface SentPage {
  /** Where it went: the path of the webhook's address, or the kind. */
  readonly to: string
  readonly message: PageMessage
  readonly sent: Sent['outcome']
}

export interface FakeNotifiers {
  readonly notifiers: Notifiers
  /** Every attempt, oldest first. */
  readonly attempts: readonly SentPage[]
  /** What a channel answers from now on; a promise holds the attempt until it is settled. */
  answer(to: string, sent: Sent | Promise<Sent>): void
}

export const sentWell: Sent = { outcome: 'sent', warning: null }
export const away: Sent = { outcome: 'retry', problem: 'it can not be reached', afterMs: null }

/** Channels that answer what the test says; of kind webhook, named by the path of their address. */
export const createFakeNotifiers = (): FakeNotifiers => {
  const attempts: SentPage[] = []
  const answers = new Map<string, Sent | Promise<Sent>>()
  const fake = <Kind extends NotifierSettings['kind']>(keepsState: boolean): Notifier<Kind> => ({
    keepsState,
    async send(message, settings: NotifierSettings, signal) {
      const to = settings.kind === 'webhook' ? new URL(settings.url).pathname.slice(1) : settings.kind
      const stopped = new Promise<Sent>((resolve) => signal.addEventListener('abort', () => resolve(away), { once: true }))
      const sent = await Promise.race([answers.get(to) ?? sentWell, stopped])
      attempts.push({ to, message, sent: sent.outcome })
      return sent
    },
  })
  return {
    notifiers: { webhook: fake(false), pagerduty: fake(true), slack: fake(false), email: fake(false) },
    attempts,
    answer: (to, sent) => void answers.set(to, sent),
  }
}
