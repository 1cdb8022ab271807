import type { Clock } from '../contracts/clock.ts'
import type { DeviceRecord } from '../contracts/registry.ts'
import type { EdgeLimits } from './limits.ts'
import { rateKey } from './address.ts'
import { createRecentMap } from './recent-map.ts'
import type { RegistryWait } from './registry-wait.ts'

/** Checks one password against an argon2id PHC string; false also for a hash that it cannot read. */
export type VerifyPassword = (hash: string, password: Buffer) => Promise<boolean>

/**
 * Answers after the checks and the delay: the record that the password is right for; `behind` when it is wrong by what is known and the registry
 * could not be read to its end; `busy` when too many wait already.
 *
 * @param look the record of who signs in, as it is known at the call
 */
export type PasswordGate = (
  look: () => DeviceRecord | undefined,
  password: Buffer,
  address: string,
) => Promise<DeviceRecord | 'wrong' | 'behind' | 'busy'>

/** How an edge hears of what it has not read of the registry yet. */
export interface RegistryNews {
  /** Grows with each change of a device that becomes known, whichever. */
  readonly changes: () => number
  /** Null: nobody else writes the registry. */
  readonly wait: RegistryWait | null
}

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
 *
 * Before a password is called wrong the registry is read to its end, for the device may have been enrolled, or have got this password, a moment
 * ago. If any device has changed meanwhile it is checked once more, whoever signs in and whether that is a device or not: a second check only where there is
 * something new of this one would tell by its time that there is.
 */
export const createPasswordGate = (
  verify: VerifyPassword,
  clock: Clock,
  limits: Pick<EdgeLimits, 'passwordChecksMax' | 'passwordQueueMax' | 'passwordDelayMs' | 'passwordDelayMsMax' | 'addressesRememberedMax'>,
  registry: RegistryNews,
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

  type Checked = { readonly verdict: DeviceRecord | 'wrong' | 'busy'; readonly asOf: number }
  const check = async (look: () => DeviceRecord | undefined, password: Buffer): Promise<Checked> => {
    if (running >= limits.passwordChecksMax && queue.length >= limits.passwordQueueMax) return { verdict: 'busy', asOf: 0 }
    await enter()
    const asOf = registry.changes()
    const record = look()
    const hash = record?.status === 'enrolled' ? record.passwordHash : null
    try {
      const right = await verify(hash ?? decoyHash, password)
      // Looked up again: the device may have been revoked, or have got another password, while the check ran.
      return { verdict: right && hash !== null && look() === record ? record! : 'wrong', asOf }
    } catch {
      return { verdict: 'wrong', asOf }
    } finally {
      leave()
    }
  }

  return async (look, password, address) => {
    const first = await check(look, password)
    if (first.verdict !== 'wrong') return first.verdict
    const reached = registry.wait === null || (await registry.wait())
    const { verdict } = registry.changes() === first.asOf ? first : await check(look, password)
    if (verdict !== 'wrong') return verdict
    const failed = failures.get(rateKey(address))
    const now = clock.now()
    failed.count = now - failed.at > forgetFailuresMs ? 1 : failed.count + 1
    failed.at = now
    const delayMs = Math.min(limits.passwordDelayMs * 2 ** Math.min(failed.count - 1, 20), limits.passwordDelayMsMax)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    return reached ? 'wrong' : 'behind'
  }
}
