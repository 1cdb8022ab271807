import { LogUnavailable } from '../../contracts/event-log.ts'
import { failureOf } from './kafka-failure.ts'

const firstPauseMs = 50
const pauseMsMax = 1_000

/**
 * Asks again while nobody can serve it, `msMax` at the most; what a repetition would not mend is told at once. Rejects with
 * `LogUnavailable`.
 */
export const untilServed = async <T>(
  what: string,
  ask: () => Promise<T>,
  { msMax, steadyNowMs, ending }: { readonly msMax: number; readonly steadyNowMs: () => number; readonly ending: () => boolean },
): Promise<T> => {
  const untilMs = steadyNowMs() + msMax
  let pauseMs = firstPauseMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const failure = failureOf(error)
      if (failure.kind === 'refused') throw new LogUnavailable('io', `${what}: Kafka refuses: ${failure.message}`, { cause: error })
      if (ending() || steadyNowMs() + pauseMs > untilMs)
        throw new LogUnavailable('broker-away', `${what}: ${failure.message}`, { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(pauseMs * 2, pauseMsMax)
  }
}
