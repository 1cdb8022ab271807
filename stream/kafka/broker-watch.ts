import type { Logger } from '../../contracts/logger.ts'

/** Since when nothing could be written, for the whole log: told once when it begins and once when it is over. */
export interface BrokerWatch {
  failed(message: string): void
  succeeded(): void
  /** 0 while all is well. */
  awayMs(): number
  /** How long ago an attempt failed last. */
  sinceFailureMs(): number
  readonly lastMessage: string
}

export const createBrokerWatch = (logger: Logger, steadyNowMs: () => number): BrokerWatch => {
  let awaySinceMs: number | null = null
  let failedAtMs = -Infinity
  let lastMessage = ''
  return {
    failed(message) {
      failedAtMs = steadyNowMs()
      if (awaySinceMs === null || message !== lastMessage)
        logger.error({ reason: message }, 'Kafka takes nothing: what waits is tried again')
      awaySinceMs ??= failedAtMs
      lastMessage = message
    },
    succeeded() {
      if (awaySinceMs !== null) logger.info({ awayMs: Math.round(steadyNowMs() - awaySinceMs) }, 'Kafka takes records again')
      awaySinceMs = null
      lastMessage = ''
    },
    awayMs: () => (awaySinceMs === null ? 0 : steadyNowMs() - awaySinceMs),
    sinceFailureMs: () => steadyNowMs() - failedAtMs,
    get lastMessage() {
      return lastMessage
    },
  }
}
