import type { Logger } from '../../contracts/logger.ts'

/** What one consumer can't do for now: read a partition, be a member of its group. */
export interface ReadTroubles {
  /** @param sinceMs when what has failed was asked for, by `nowMs`; default: now */
  failed(what: string, message: string, sinceMs?: number): void
  /** It works, or is nobody's business any more. */
  over(what: string): void
  nowMs(): number
  close(): void
}

/** Since when something can't be read, for the whole log: told once when it begins and once when it is over. */
export interface ReadWatch {
  open(): ReadTroubles
  /** 0 while all is well. */
  awayMs(): number
}

export const createReadWatch = (logger: Logger, steadyNowMs: () => number): ReadWatch => {
  const all = new Set<ReadonlyMap<string, number>>()
  /** When the first trouble of those that are began; null: there is none. */
  let beganAtMs: number | null = null

  const settle = (worksAgain = true): void => {
    const left = [...all].flatMap((troubles) => [...troubles.values()])
    if (worksAgain && beganAtMs !== null && left.length === 0)
      logger.info({ awayMs: Math.round(steadyNowMs() - beganAtMs) }, 'Kafka can be read again')
    beganAtMs = left.length === 0 ? null : Math.min(...left)
  }

  return {
    open() {
      const troubles = new Map<string, number>()
      all.add(troubles)
      return {
        failed(what, message, sinceMs = steadyNowMs()) {
          if (!all.has(troubles) || troubles.has(what)) return
          if (beganAtMs === null) logger.warn({ reason: message }, 'Kafka can not be read; trying again until it can')
          troubles.set(what, sinceMs)
          settle()
        },
        over(what) {
          if (troubles.delete(what)) settle()
        },
        nowMs: steadyNowMs,
        close() {
          // Who could not read and gave up has not seen it work.
          if (all.delete(troubles) && troubles.size > 0) settle(false)
        },
      }
    },
    awayMs: () => (beganAtMs === null ? 0 : steadyNowMs() - beganAtMs),
  }
}
