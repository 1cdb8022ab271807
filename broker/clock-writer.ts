import { encodeClock } from '../contracts/envelope.ts'
import { type LogTopicName, logTopics, topicByKey } from '../contracts/log-topics.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'

const everyMs = 1_000

/**
 * Once a second a clock record to every partition of the observation topics, so that detectors see time pass on a quiet partition.
 *
 * Order: clock records go through the same outbox as messages and are stamped by the same clock (`edge-time.ts`): within one
 * edge, a partition's records do not go back in time unless the clock was set back. Only one clock record waits at a time: while the log takes
 * nothing none is written, and the gap tells detectors of the outage. With several edges on one log, another edge's
 * records may be older than the clock record before them by at most the time a flush takes (`logStallMs` and the retries, when it fails).
 */
export const startClockWriter = (edge: string, outbox: Outbox<Session>, stampMs: () => number): { stop(): void } => {
  let writtenInFlush = -1
  const write = (): void => {
    // The one before still waits: every flush takes all that waits, so it has left when another flush has begun since.
    if (outbox.flushes === writtenInFlush) return
    writtenInFlush = outbox.flushes
    const value = encodeClock(edge, stampMs())
    for (const topic of Object.values(topicByKey) as LogTopicName[])
      for (let partition = 0; partition < logTopics[topic].partitions; partition++) outbox.record(topic, { key: edge, value, partition })
  }
  write()
  const timer = setInterval(write, everyMs)
  return { stop: () => clearInterval(timer) }
}
