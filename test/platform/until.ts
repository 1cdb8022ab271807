import { systemScheduler } from '../../simulators/scheduler.ts'

/** Asks until it is so, each 100 ms; throws with `what` when it did not come about in time. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> => {
  const from = Date.now()
  while (!(await condition())) {
    if (Date.now() - from > patienceMs) throw new Error(`${what} did not come about within ${patienceMs / 1_000} s`)
    await systemScheduler.sleep(100)
  }
}
