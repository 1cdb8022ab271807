import type { Logger } from '../../contracts/logger.ts'

/** Since when a topic can't be written. */
export interface TopicWatch {
  /** A commit is begun, */
  begun(): void
  /** an attempt of it failed, */
  failed(message: string): void
  succeeded(): void
  /** it is over, one way or the other. */
  ended(): void
  /** 0 while all is well. */
  awayMs(): number
  /** How long ago an attempt failed last. */
  sinceFailureMs(): number
  /** Why; '' while all is well. */
  readonly lastMessage: string
}

/**
 * Since when something can't be written: told once when it begins and once when it is over. By topic, since a right, a size or the replicas of one may be missing
 * while others are written; a reason that several have is told of the first.
 */
export interface WriteWatch {
  of(topic: string): TopicWatch
  /** Of the topic that has waited longest; 0 while all is well. */
  awayMs(): number
  /** Why that one; null while all is well. */
  trouble(): string | null
}

/** Of a topic that nobody has tried to write for so long nothing is claimed: who has something to write tries again within two seconds. */
const untriedMsMax = 5_000

export const createWriteWatch = (logger: Logger, steadyNowMs: () => number): WriteWatch => {
  const all: TopicWatch[] = []
  return {
    of(topic) {
      let underWay = 0
      let awaySinceMs: number | null = null
      let failedAtMs = -Infinity
      let lastMessage = ''
      let told = false
      const isAway = (): boolean => awaySinceMs !== null && (underWay > 0 || steadyNowMs() - failedAtMs <= untriedMsMax)
      const forget = (): void => {
        awaySinceMs = null
        lastMessage = ''
        told = false
      }
      const watch: TopicWatch = {
        begun: () => void underWay++,
        ended: () => void underWay--,
        failed(message) {
          if (!isAway()) forget()
          failedAtMs = steadyNowMs()
          awaySinceMs ??= failedAtMs
          const isNews = all.every((one) => one.lastMessage !== message)
          lastMessage = message
          if (!isNews) return
          logger.error({ topic, reason: message }, 'Kafka takes nothing: what waits is tried again')
          told = true
        },
        succeeded() {
          if (told) logger.info({ topic, awayMs: Math.round(steadyNowMs() - awaySinceMs!) }, 'Kafka takes records again')
          forget()
        },
        awayMs: () => (isAway() ? steadyNowMs() - awaySinceMs! : 0),
        sinceFailureMs: () => steadyNowMs() - failedAtMs,
        get lastMessage() {
          return isAway() ? lastMessage : ''
        },
      }
      all.push(watch)
      return watch
    },
    awayMs: () => Math.max(0, ...all.map((watch) => watch.awayMs())),
    trouble: () =>
      all.reduce<TopicWatch | null>((longest, one) => (one.awayMs() > (longest?.awayMs() ?? 0) ? one : longest), null)?.lastMessage ?? null,
  }
}
