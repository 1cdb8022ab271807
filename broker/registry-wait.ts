/** Resolves true when the registry is folded in as far as its log stood at the call; false when that can't be had in time. Never rejects. */
export type RegistryWait = () => Promise<boolean>

/**
 * An edge learns of an enrolment over the log, so a device that was enrolled a moment ago may be here first. Before a certificate of our own
 * authority counts as nobody's, the edge reads what the log holds. Whoever knocks meanwhile shares one look, which begins after the last of them came:
 * so a flood of such certificates costs the log two looks at a time.
 *
 * @param reached resolves when all that stands in the registry's log at the call is folded in; may reject
 * @param waitMsMax how long one who knocks waits at most
 */
export const createRegistryWait = (reached: () => Promise<void>, waitMsMax: number): RegistryWait => {
  let looking: Promise<boolean> | null = null
  let next: Promise<boolean> | null = null

  const look = (): Promise<boolean> => {
    const mine = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMsMax)
      const settle = (is: boolean) => (): void => {
        clearTimeout(timer)
        resolve(is)
      }
      reached().then(settle(true), settle(false))
    }).finally(() => {
      looking = null
    })
    looking = mine
    return mine
  }

  return () => {
    if (looking === null) return look()
    // What runs may have asked the log before this one's enrolment stood in it.
    next ??= looking.then(() => {
      next = null
      return looking ?? look()
    })
    return next
  }
}
