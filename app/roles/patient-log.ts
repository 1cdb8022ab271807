import { type ConsumeOptions, type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'

export interface PatientLog {
  /** The log; a consumer of it does not fail because a topic can't be read: it is tried again, from where its `onAssigned` says. */
  readonly log: EventLog
  /** Why each topic that can't be read can't. */
  unheard(): ReadonlyMap<LogTopicName, string>
}

const againMsDefault = 15_000
/** Who may write a topic becomes a member for it, and hears that it may not read it with its first fetch. */
const settleMsDefault = 5_000

/**
 * For an edge: a right that was taken away must not take the devices with it that it serves. What it still can do it does, and tells what it
 * no longer hears of. At the start it goes on without the topics of `startsWithout` only.
 */
export const createPatientLog = (options: {
  readonly log: EventLog
  readonly startsWithout: readonly LogTopicName[]
  readonly logger: Logger
  readonly againMs?: number
  readonly settleMs?: number
}): PatientLog => {
  const { log, startsWithout, logger, againMs = againMsDefault, settleMs = settleMsDefault } = options
  const unheard = new Map<LogTopicName, string>()

  const consume = async (consumeOptions: ConsumeOptions): Promise<LogConsumer> => {
    const { topics, group } = consumeOptions
    const failed = Promise.withResolvers<void>()
    failed.promise.catch(() => {})
    let consumer: LogConsumer | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    let closed = false
    let attempt: Promise<void> = Promise.resolve()

    const begin = async (): Promise<void> => {
      const begun = await log.consume(consumeOptions)
      if (closed) return begun.close()
      consumer = begun
      timer = setTimeout(settled, settleMs)
      begun.failed.catch((error: unknown) => {
        void begun.close().catch(() => {})
        lost(error)
      })
    }

    const settled = (): void => {
      if (topics.filter((topic) => unheard.delete(topic)).length > 0)
        logger.info({ topics, group }, 'what the log holds of this is read again')
    }

    const again = (): void => {
      attempt = begin().catch(lost)
    }

    const lost = (error: unknown): void => {
      if (closed) return
      clearTimeout(timer)
      if (!(error instanceof LogUnavailable)) return failed.reject(error)
      if (!topics.every((topic) => unheard.has(topic)))
        logger.error({ topics, group, reason: error.message }, 'this can not be read; it is tried again, and all else goes on')
      for (const topic of topics) unheard.set(topic, error.message)
      timer = setTimeout(again, againMs)
    }

    try {
      await begin()
    } catch (error) {
      const refused = error instanceof LogUnavailable && error.reason === 'io'
      if (!refused || !topics.every((topic) => startsWithout.includes(topic))) throw error
      lost(error)
    }
    return {
      failed: failed.promise,
      async close() {
        closed = true
        clearTimeout(timer)
        await attempt
        await consumer?.close()
        failed.resolve()
      },
    }
  }

  return { log: { ...log, consume }, unheard: () => unheard }
}
