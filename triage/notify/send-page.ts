import { platformActor } from '../../contracts/case-event.ts'
import type { Clock } from '../../contracts/clock.ts'
import type { NotifierSettings } from '../../contracts/api/paging.ts'
import { compareSeverity, type Severity } from '../../contracts/finding.ts'
import type { Logger } from '../../contracts/logger.ts'
import { pauseMs } from './backoff.ts'
import { composePage, composeStorm } from './compose.ts'
import type { Channel, PageRecord, PagingFold } from './fold.ts'
import type { Journal, PagingBody } from './journal.ts'
import type { PagedDesk } from './paged-desk.ts'
import type { PagingSettings } from './paging-settings.ts'
import type { Notifier, Notifiers, PageMessage, Sent } from './port.ts'
import { stillUntold } from './storm.ts'
import type { Timers } from './timers.ts'
import { channelDetector, channelDevice, type PagingView, unwantedBecause } from './wanted.ts'

export interface SendParts {
  readonly desk: PagedDesk
  readonly fold: PagingFold
  readonly journal: Journal
  readonly notifiers: Notifiers
  readonly settings: PagingSettings
  readonly clock: Clock
  readonly timers: Timers
  /** 0..1 */
  readonly random: () => number
  readonly logger: Logger
  readonly view: () => PagingView
  readonly linkTo: (alert: string | null) => string | null
  readonly inFlight: Set<string>
  readonly reconcile: (alert: string) => readonly PagingBody[]
  readonly closing: AbortSignal
  /** Resolves when it is certain that this process may still send. */
  readonly sure: () => Promise<void>
}

/** One attempt, whatever the notifier does: it ends in time, and a throw is a bug that is told and tried again. */
export const attemptSend = async (
  { notifiers, settings, timers, logger, closing }: Pick<SendParts, 'notifiers' | 'settings' | 'timers' | 'logger' | 'closing'>,
  to: NotifierSettings,
  message: PageMessage,
): Promise<Sent> => {
  const timeout = new AbortController()
  const late = Promise.withResolvers<Sent>()
  const cancel = timers.after(settings.sendTimeoutMs, () => {
    timeout.abort()
    late.resolve({ outcome: 'retry', problem: 'no answer in time', afterMs: null })
  })
  try {
    const notifier = notifiers[to.kind] as Notifier<NotifierSettings['kind']>
    return await Promise.race([notifier.send(message, to, AbortSignal.any([timeout.signal, closing])), late.promise])
  } catch (error) {
    // The name alone: a message may hold what was sent.
    logger.error({ kind: to.kind, error: error instanceof Error ? error.name : typeof error }, 'a notifier threw')
    return { outcome: 'retry', problem: 'the notifier failed', afterMs: null }
  } finally {
    cancel()
  }
}

/** Sends a page that is due once, and records what became of it. */
export const createPageSender = (parts: SendParts): ((record: PageRecord) => Promise<void>) => {
  const { desk, fold, journal, settings, clock, random, logger, view, linkTo, inFlight, reconcile, closing, sure } = parts

  const failure = (page: PageRecord, channel: Channel, sent: Exclude<Sent, { outcome: 'sent' }>): PagingBody => {
    const nowMs = clock.now()
    const givenUp = sent.outcome === 'retry' && nowMs - page.dueAt >= settings.giveUpAfterMs
    const waitMs = pauseMs(
      { firstMs: settings.retryFirstMs, maxMs: settings.retryMaxMs },
      channel.failures + 1,
      sent.outcome === 'retry' ? sent.afterMs : null,
      random(),
    )
    const problem = givenUp ? `given up after ${page.attempts + 1} attempts: ${sent.problem}` : sent.problem
    return { type: 'page.attempt-failed', page: page.id, problem, final: givenUp || sent.outcome === 'refused', nextTryAt: nowMs + waitMs }
  }

  /** A channel that does not work is an alert: told once, and paged through the others. */
  const raiseIfDead = async (id: string, refused: boolean): Promise<void> => {
    const channel = fold.channel(id)
    if (channel === undefined || channel.health === 'dead' || channel.failures === 0) return
    const failingMs = clock.now() - (channel.failingSince ?? clock.now())
    if (!refused && failingMs < settings.deadAfterMs && channel.failures < settings.deadAfterFailures) return
    try {
      const alert = await desk.raise(deadAlert(channel, worstOf(fold, id), failingMs))
      await journal.write(() => ({ bodies: [{ type: 'channel.dead', notifier: id, alert: alert.id }] }))
    } catch (error) {
      if (closing.aborted) throw error
      // The next failure tries it again.
      logger.warn({ notifier: id }, 'the alert of a dead paging channel could not be raised')
    }
  }

  return async ({ id }) => {
    // A process that was frozen may wake up behind one that has taken its place, and has sent this. Whatever came meanwhile is weighed after it.
    await unlessClosing(sure(), closing)
    const record = fold.page(id)
    if (closing.aborted || record?.state !== 'waiting') return
    const channel = fold.channel(record.notifier)
    const untold = record.kind === 'storm' ? stillUntold(view(), record, fold, (id) => desk.alert(id)) : null
    const alert = untold === null ? desk.alert(record.alert) : untold[0]
    const reason = untold?.length === 0 ? 'somebody has taken all of its alerts' : unwantedBecause(view(), record, alert)
    if (channel === undefined || alert === undefined || reason !== null)
      return journal.write(() => ({ bodies: [{ type: 'page.dropped', page: record.id, reason: reason ?? 'the channel is gone' }] }))
    inFlight.add(record.id)
    let sent: Sent
    try {
      const message =
        untold === null
          ? composePage(record, alert, fold.rules(), clock.now(), linkTo(alert.id))
          : composeStorm(record, untold, clock.now(), linkTo(null))
      sent = await attemptSend(parts, channel.settings, message)
    } finally {
      inFlight.delete(record.id)
    }
    // What was called off because paging closes has no outcome: it is sent again, under the same id.
    if (sent.outcome !== 'sent' && closing.aborted) return
    await journal.write(() => ({
      bodies: [sent.outcome === 'sent' ? { type: 'page.sent', page: record.id, warning: sent.warning } : failure(record, channel, sent)],
    }))
    await journal.write(() => ({ bodies: reconcile(record.alert) }))
    if (sent.outcome !== 'sent') await raiseIfDead(channel.id, sent.outcome === 'refused')
    else if (channel.deadAlert !== null) await noteAlive(desk, channel.deadAlert, logger)
  }
}

/** Resolves when `work` has, or at once when nothing more is sent. */
const unlessClosing = (work: Promise<void>, closing: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => resolve()
    if (closing.aborted) stop()
    closing.addEventListener('abort', stop, { once: true })
    work.finally(() => closing.removeEventListener('abort', stop)).then(resolve, reject)
  })

/** As bad as the worst that goes through the channel, so that whoever is paged for that is paged for this. */
const worstOf = (fold: PagingFold, notifier: string): Severity =>
  fold
    .rules()
    .filter(({ enabled, steps }) => enabled && steps.some(({ notifiers }) => notifiers.includes(notifier)))
    .flatMap(({ severities }) => severities)
    .reduce((worst, one) => (compareSeverity(one, worst) > 0 ? one : worst), 'high')

const deadAlert = (channel: Channel, severity: Severity, failingMs: number) => ({
  detector: channelDetector,
  title: 'Paging channel is dead',
  device: channelDevice(channel.id),
  site: null,
  severity,
  score: 1,
  why: `${channel.failures} ${channel.failures === 1 ? 'attempt' : 'attempts in a row'} to page through "${channel.title}" failed within ${Math.round(failingMs / 1_000)} s: ${channel.lastProblem ?? 'no answer'}`,
  evidence: [
    { feature: 'failed attempts in a row', observed: channel.failures, expected: 0, unit: '1' },
    { feature: 'failing for', observed: Math.round(failingMs / 1_000), expected: 0, unit: 's' },
  ],
})

/** @param alert the one that says that the channel is dead; a person closes it */
export const noteAlive = async (desk: PagedDesk, alert: string, logger: Logger): Promise<void> => {
  try {
    await desk.act(alert, null, platformActor, { type: 'note', note: 'The channel works again.' })
  } catch {
    logger.warn({ alert }, 'that a paging channel works again could not be noted')
  }
}
