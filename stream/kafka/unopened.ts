import type { Logger } from '../../contracts/logger.ts'

/** Messages on Kafka that do not open with this log's key: changed on a disk, or written by who has a right to write and not the key. */
export interface Unopened {
  /** Counts one that is passed over, once however often it is read, and tells it: at first, and then no more often than every 10 s. */
  passed(message: {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    readonly reason: string
    readonly messages?: number
  }): void
  /** Since the start. */
  total(): number
}

const toldEveryMs = 10_000

export const createUnopened = (logger: Logger, steadyNowMs: () => number): Unopened => {
  /** By partition: the last that was counted. */
  const seen = new Map<string, number>()
  let total = 0
  let untold = 0
  let toldAtMs = -Infinity
  return {
    passed({ topic, partition, offset, reason, messages = 1 }) {
      const place = `${topic}/${partition}`
      if (offset <= (seen.get(place) ?? -1)) return
      seen.set(place, offset)
      total += messages
      untold += messages
      if (steadyNowMs() - toldAtMs < toldEveryMs) return
      toldAtMs = steadyNowMs()
      logger.error(
        { topic, partition, offset, messages: untold, reason },
        'a message on Kafka does not open with the key of this log: it is passed over',
      )
      untold = 0
    },
    total: () => total,
  }
}
