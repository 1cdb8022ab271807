import type { Clock } from '../contracts/clock.ts'
import type { EdgeLimits } from './limits.ts'
import { rateKey } from './address.ts'
import { createRecentMap } from './recent-map.ts'

/** Checks one password against an argon2id PHC string; false also for a hash that it cannot read. */
export type VerifyPassword = (hash: string, password: Buffer) => Promise<boolean>

/** Answers after the check and the delay: whether the password was right; `busy` when too many wait already. */
export type PasswordGate = (hash: string | null, password: Buffer, address: string) => Promise<'right' | 'wrong' | 'busy'>

/**
 * argon2id of a password nobody knows, with the parameters that `registry/` enrols with (19 MiB, 2 passes, 1 lane): what an unknown
 * user's password is checked against, so that the answer takes as long as for a known one.
 */
const decoyHash = '$argon2id$v=19$m=19456,t=2,p=1$nqf55ukrO2JrxTTrPdNJlw$DJ7WzK1wXti5h/Ybxw2XvyBsPz9kJcGr9Dj2jAFQJ3w'

const forgetFailuresMs = 600_000

/**
 * Bounds what guessing costs us and slows it down. At most `passwordChecksMax` checks run at once and `passwordQueueMax` wait. A wrong
 * password is answered late, twice as late each time, by the guesser's address and never by the user: a victim is not locked
 * out, and a right password is answered at once.
 */
export const createPasswordGate = (
  verify: VerifyPassword,
  clock: Clock,
  limits: Pick<EdgeLimits, 'passwordChecksMax' | 'passwordQueueMax' | 'passwordDelayMs' | 'passwordDelayMsMax' | 'addressesRememberedMax'>,
): PasswordGate => {
  const failures = createRecentMap(limits.addressesRememberedMax, () => ({ count: 0, at: 0 }))
  const queue: (() => void)[] = []
  let running = 0

  const enter = async (): Promise<void> => {
    if (running < limits.passwordChecksMax) running++
    else await new Promise<void>((resolve) => queue.push(resolve))
  }
  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) running--
    else next()
  }

  return async (hash, password, address) => {
    if (running >= limits.passwordChecksMax && queue.length >= limits.passwordQueueMax) return 'busy'
    await enter()
    let right = false
    try {
      right = (await verify(hash ?? decoyHash, password)) && hash !== null
    } catch {
      right = false
    } finally {
      leave()
    }
    if (right) return 'right'
    const failed = failures.get(rateKey(address))
    const now = clock.now()
    failed.count = now - failed.at > forgetFailuresMs ? 1 : failed.count + 1
    failed.at = now
    const delayMs = Math.min(limits.passwordDelayMs * 2 ** Math.min(failed.count - 1, 20), limits.passwordDelayMsMax)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    return 'wrong'
  }
}
