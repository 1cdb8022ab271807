import { isIPv6 } from 'node:net'
import type { Clock } from '../../contracts/clock.ts'

export interface SignInDelayLimits {
  /** Wrong tries that cost nothing, before the delay begins. */
  readonly freeTries: number
  /** The same for everything that comes from one address. */
  readonly addressFreeTries: number
  readonly firstDelayMs: number
  readonly delayMsMax: number
  /** An address is never held for long: many people may sit behind it. */
  readonly addressDelayMsMax: number
  /** Counts are forgotten after this much quiet; longer than the longest delay. */
  readonly forgetAfterMs: number
  /** Above it the count that is quiet longest is forgotten. */
  readonly entriesMax: number
}

export const signInDelayLimits: SignInDelayLimits = {
  freeTries: 5,
  addressFreeTries: 30,
  firstDelayMs: 1_000,
  delayMsMax: 300_000,
  addressDelayMsMax: 10_000,
  forgetAfterMs: 900_000,
  entriesMax: 20_000,
}

export interface Attempt {
  readonly ok: true
  /** It was right after all: the account's count is cleared; the address keeps what was wrong before. */
  succeeded(): void
  /** It could not be judged (the machine is busy): as if it had not been. */
  withdrawn(): void
}
export type Begun = Attempt | { readonly ok: false; readonly retryAfterMs: number }

export interface SignInDelay {
  /**
   * Counts a try as wrong before it is judged, so that a hundred at once are not a hundred free ones.
   * @param browser the hash of a browser that this account is known to use: it has a count of its own, and an attacker at the same address
   * can't hold it up
   * @param account null for a one-time link, which nobody can guess: it counts for its address only, so that whoever tries wrong links behind a
   * hospital's one address holds up the others there for seconds, never for minutes
   */
  begin(account: string | null, address: string, browser: string | null): Begun
  readonly size: number
}

interface Count {
  wrong: number
  lastAt: number
}

/** Who owns an address: for IPv6 the /64, because its owner has all of it. */
export const addressKey = (address: string): string =>
  isIPv6(address) && !address.startsWith('::ffff:') ? `${expand(address).slice(0, 4).join(':')}::/64` : address.replace(/^::ffff:/, '')

const expand = (address: string): string[] => {
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const filled = address.includes('::')
    ? [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
    : left
  return filled.map((word) => word.replace(/^0+(?=.)/, ''))
}

/**
 * A delay that grows with wrong tries, for each pair of account and address and for each address. There is none for an account alone: whoever
 * fails on purpose from elsewhere must not keep its owner out.
 */
export const createSignInDelay = (clock: Clock, limits: SignInDelayLimits = signInDelayLimits): SignInDelay => {
  const counts = new Map<string, Count>()

  const waitMs = (key: string, free: number, most: number, nowMs: number): number => {
    const count = counts.get(key)
    if (count === undefined) return 0
    if (nowMs - count.lastAt > limits.forgetAfterMs) {
      counts.delete(key)
      return 0
    }
    if (count.wrong < free) return 0
    const delay = Math.min(limits.firstDelayMs * 2 ** Math.min(count.wrong - free, 30), most)
    return Math.max(0, count.lastAt + delay - nowMs)
  }

  const add = (key: string, nowMs: number): void => {
    const count = counts.get(key) ?? { wrong: 0, lastAt: nowMs }
    counts.delete(key)
    counts.set(key, { wrong: count.wrong + 1, lastAt: nowMs })
    if (counts.size > limits.entriesMax) counts.delete(counts.keys().next().value!)
  }
  const takeBack = (key: string): void => {
    const count = counts.get(key)
    if (count !== undefined && --count.wrong <= 0) counts.delete(key)
  }

  return {
    begin(account, address, browser) {
      const nowMs = clock.now()
      const from = addressKey(address)
      const own = account === null ? null : browser === null ? `pair ${from} ${account}` : `browser ${browser} ${account}`
      const shared = account === null || browser === null ? `address ${from}` : null
      const wait = Math.max(
        own === null ? 0 : waitMs(own, limits.freeTries, limits.delayMsMax, nowMs),
        shared === null ? 0 : waitMs(shared, limits.addressFreeTries, limits.addressDelayMsMax, nowMs),
      )
      if (wait > 0) return { ok: false, retryAfterMs: wait }
      if (own !== null) add(own, nowMs)
      if (shared !== null) add(shared, nowMs)
      return {
        ok: true,
        succeeded() {
          if (own !== null) counts.delete(own)
          if (shared !== null) takeBack(shared)
        },
        withdrawn() {
          if (own !== null) takeBack(own)
          if (shared !== null) takeBack(shared)
        },
      }
    },
    get size() {
      return counts.size
    },
  }
}
