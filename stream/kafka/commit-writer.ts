import { LogUnavailable } from '../../contracts/event-log.ts'
import type { SendOutcome } from './kafka-ports.ts'
import type { KafkaFailure } from './kafka-failure.ts'
import type { ProducerLane } from './producer-lanes.ts'
import type { TopicWatch } from './write-watch.ts'

/** What one partition has to write in a commit: batches, one after the other. */
export interface LaneWork {
  readonly lane: ProducerLane
  readonly batches: (readonly Buffer[])[]
}

export interface CommitWriterOptions {
  /** What the topic is called in Kafka. */
  readonly name: string
  readonly watch: TopicWatch
  /** So long without success, and what is certain not to be in the log is given back. */
  readonly giveUpMs: number
  /** A commit that can't be given back, for a part of it may be in the log, is kept; what waits behind it is not. */
  readonly onStuck: (error: LogUnavailable) => void
  /** Told to end: a commit is given back although it may be in the log. */
  readonly ending: () => boolean
  /** Resolves then. */
  readonly ended: Promise<void>
  readonly pause: (ms: number) => Promise<void>
}

const firstPauseMs = 50
const pauseMsMax = 1_000

const isFinal = ({ kind }: KafkaFailure): boolean => kind === 'refused' || kind === 'taken'

/**
 * Writes a commit's batches until all are in. `LogUnavailable` promises that nothing of the commit is in the log, so it is only told while
 * that is certain: once a batch was written, or may have been, the same bytes are tried under the same sequence until the broker answers,
 * however long it is away. A caller who tries again what was half written would write it twice.
 */
export const createCommitWriter = ({ name, watch, giveUpMs, onStuck, ending, ended, pause }: CommitWriterOptions) => {
  const away = (): LogUnavailable =>
    new LogUnavailable(
      'broker-away',
      `Kafka has taken nothing of ${name} for ${Math.round(watch.awayMs() / 1_000)} s: ${watch.lastMessage}`,
    )
  const given = (failure: KafkaFailure): LogUnavailable =>
    failure.kind === 'refused'
      ? new LogUnavailable('io', `Kafka refuses records of ${name}: ${failure.message}`)
      : failure.kind === 'taken'
        ? new LogUnavailable('not-leading', failure.message)
        : away()

  const unanswered = ended.then((): SendOutcome => ({ ok: false, maybeWritten: true, failure: { kind: 'away', message: 'no answer yet' } }))

  const write = async (work: readonly LaneWork[]): Promise<void> => {
    let maybeWritten = false
    let pauseMs = firstPauseMs
    for (;;) {
      const results = await Promise.all(
        work.map(async ({ lane, batches }) => {
          while (batches.length > 0) {
            const outcome = await Promise.race([lane.send(batches[0]!), unanswered])
            if (!outcome.ok) {
              maybeWritten ||= outcome.maybeWritten
              return outcome.failure
            }
            maybeWritten = true
            batches.shift()
          }
          return null
        }),
      )
      const failure = results.find((result) => result !== null)
      if (failure === undefined) {
        watch.succeeded()
        return
      }
      watch.failed(failure.message)
      if (!maybeWritten && (isFinal(failure) || watch.awayMs() > giveUpMs || ending())) throw given(failure)
      if (ending())
        throw new LogUnavailable(
          'broker-away',
          `the log closes, and Kafka has not said whether it has the last records: ${failure.message}`,
        )
      if (watch.awayMs() > giveUpMs) onStuck(away())
      await pause(pauseMs)
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    }
  }
  return async (work: readonly LaneWork[]): Promise<void> => {
    // While it is known to be away, not each commit asks again.
    if (watch.awayMs() > giveUpMs && watch.sinceFailureMs() < pauseMsMax) throw away()
    watch.begun()
    try {
      await write(work)
    } finally {
      watch.ended()
    }
  }
}
