/** Resolves true when the registry is folded in as far as its log stood at the call; false when that can't be had in time. Never rejects. */
export type RegistryWait = () => Promise<boolean>

type Answer = (reached: boolean) => void

/**
 * An edge learns of an enrolment over the log, so a device that was enrolled a moment ago may be here first. Before it counts as nobody's, or its
 * password as wrong, the edge reads what the log holds. One look at a time, shared by all who came before it began: who comes during
 * it waits for the next, for it may have asked the log before that one's enrolment stood there. Between two looks there is a pause: anybody may
 * knock with a wrong password, and a flood of them must not become one of questions to the log. Who has waited long enough is let go of, the
 * look is not: a log that hangs is asked once, however many knock.
 *
 * @param reached resolves when all that stands in the registry's log at the call is folded in; may reject
 * @param waitMsMax how long one who knocks waits at most
 * @param pauseMs from the end of a look to the next one
 */
export const createRegistryWait = (reached: () => Promise<void>, waitMsMax: number, pauseMs: number): RegistryWait => {
  /** A look is under way, or its pause. */
  let busy = false
  let waiting = new Set<Answer>()

  const look = async (): Promise<void> => {
    busy = true
    const mine = waiting
    waiting = new Set()
    const is = await reached().then(
      () => true,
      () => false,
    )
    for (const answer of mine) answer(is)
    setTimeout(() => {
      busy = false
      if (waiting.size > 0) void look()
    }, pauseMs)
  }

  return () =>
    new Promise((resolve) => {
      const mine = waiting
      const answer: Answer = (is) => {
        clearTimeout(timer)
        mine.delete(answer)
        resolve(is)
      }
      const timer = setTimeout(answer, waitMsMax, false)
      mine.add(answer)
      if (!busy) void look()
    })
}
