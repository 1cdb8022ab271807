import { rateKey } from './address.ts'

/** Connections that have not proved who they are yet. */
export interface HalfOpen {
  readonly size: number
  /**
   * Takes one in. When there is no room, the oldest of the address that has most is ended first: so a few addresses that open connections and say nothing
   * push out each other, and not a device that comes and is done within milliseconds.
   * @param end ends it: its `leave` need not be called any more
   * @returns `leave`: it is proven, or gone
   */
  enter(address: string, end: () => void): () => void
}

export const createHalfOpen = (max: number): HalfOpen => {
  /** By address, oldest first. */
  const byAddress = new Map<string, Set<() => void>>()
  let size = 0

  const take = (key: string, end: () => void): boolean => {
    const here = byAddress.get(key)
    if (here?.delete(end) !== true) return false
    if (here.size === 0) byAddress.delete(key)
    size--
    return true
  }

  const makeRoom = (): void => {
    let most: readonly [key: string, ends: ReadonlySet<() => void>] | null = null
    for (const one of byAddress) if (most === null || one[1].size > most[1].size) most = one
    const [key, ends] = most!
    const [oldest] = ends
    take(key, oldest!)
    oldest!()
  }

  return {
    get size() {
      return size
    },
    enter(address, end) {
      if (size >= max) makeRoom()
      const key = rateKey(address)
      // Its own, whatever was given.
      const ended = (): void => end()
      const here = byAddress.get(key) ?? new Set()
      byAddress.set(key, here)
      here.add(ended)
      size++
      return () => void take(key, ended)
    },
  }
}
