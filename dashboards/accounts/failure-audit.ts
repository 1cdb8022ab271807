import type { Clock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { AccountEvent } from './account-event.ts'

type Failure = Extract<AccountEvent, { type: 'sign-in.failed' }>

/** Wrong sign-ins that are told one by one in a window; what is over is counted. */
const windowMs = 600_000
const keysMax = 200

export interface FailureAudit {
  /** The event to record now, or null: it is counted and comes with `due`. */
  failed(failure: Omit<Failure, 'type' | 'at' | 'times'>): Failure | null
  /** What was counted in windows that are over. */
  due(everything?: boolean): readonly Failure[]
}

/** Tells the first wrong sign-in of an account from an address at once and the repeats as a count: whoever tries a million times can't fill the disk. */
export const createFailureAudit = (clock: Clock, logger: Logger): FailureAudit => {
  const open = new Map<string, { failure: Failure; since: number; more: number }>()
  return {
    failed({ account, address, way }) {
      const nowMs = clock.now()
      const key = `${way} ${account ?? ''} ${address}`
      const known = open.get(key)
      if (known !== undefined) {
        known.more++
        return null
      }
      if (open.size >= keysMax) {
        const others = open.get('others')
        if (others === undefined)
          open.set('others', {
            failure: { type: 'sign-in.failed', at: nowMs, account: null, address: 'others', way, times: 0 },
            since: nowMs,
            more: 1,
          })
        else others.more++
        return null
      }
      const failure: Failure = { type: 'sign-in.failed', at: nowMs, account, address, way, times: 1 }
      open.set(key, { failure, since: nowMs, more: 0 })
      logger.warn({ account, address, way }, 'a sign-in failed')
      return failure
    },
    due(everything = false) {
      const nowMs = clock.now()
      const over: Failure[] = []
      for (const [key, { failure, since, more }] of open) {
        if (!everything && nowMs - since < windowMs) continue
        open.delete(key)
        if (more === 0) continue
        logger.warn({ account: failure.account, address: failure.address, way: failure.way, times: more }, 'more sign-ins failed')
        over.push({ ...failure, at: nowMs, times: more })
      }
      return over
    },
  }
}
