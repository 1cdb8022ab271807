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
  /** The oldest of those troubles; null while all is well. */
  trouble(): string | null
}

interface Trouble {
  readonly sinceMs: number
  readonly message: string
}

export const createReadWatch = (logger: Logger, steadyNowMs: () => number): ReadWatch => {
  const all = new Set<ReadonlyMap<string, Trouble>>()
  /** When the first trouble of those that are began; null: there is none. */
  let beganAtMs: number | null = null

  const oldest = (): Trouble | null =>
    [...all]
      .flatMap((troubles) => [...troubles.values()])
      .reduce<Trouble | null>((first, one) => (first === null || one.sinceMs < first.sinceMs ? one : first), null)

  const settle = (worksAgain = true): void => {
    const left = oldest()
    if (worksAgain && beganAtMs !== null && left === null)
      logger.info({ awayMs: Math.round(steadyNowMs() - beganAtMs) }, 'Kafka can be read again')
    beganAtMs = left?.sinceMs ?? null
  }

  return {
    open() {
      const troubles = new Map<string, Trouble>()
      all.add(troubles)
      return {
        failed(what, message, sinceMs = steadyNowMs()) {
          if (!all.has(troubles)) return
          const before = troubles.get(what)
          // Since the first, but why by the last: a connection that was cut is soon one that is refused.
          if (before !== undefined) return void troubles.set(what, { sinceMs: before.sinceMs, message })
          if (beganAtMs === null) logger.warn({ reason: message }, 'Kafka can not be read; trying again until it can')
          troubles.set(what, { sinceMs, message })
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
    trouble: () => oldest()?.message ?? null,
  }
}
