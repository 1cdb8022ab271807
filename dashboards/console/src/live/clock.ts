import { createStore, type Store } from '../state/store.ts'

const samplesMax = 10

/** The platform's time as this browser can tell it: ages and clocks count against it, not against the computer's own clock. */
export interface DeskClock {
  nowMs(): number
  /** The platform's clock as an event told it on arrival. */
  told(serverNowMs: number): void
  /** Whole seconds of the platform's time; changes once a second. */
  readonly seconds: Store<number>
}

/** @param now this computer's clock, ms */
export const createDeskClock = (now: () => number): DeskClock => {
  let samples: number[] = []
  let offsetMs = 0
  const seconds = createStore(Math.floor(now() / 1_000))
  const nowMs = () => now() + offsetMs
  return {
    nowMs,
    told: (serverNowMs) => {
      // What travelled the shortest is the closest: the largest difference of the last few.
      samples = [...samples.slice(1 - samplesMax), serverNowMs - now()]
      offsetMs = Math.max(...samples)
      seconds.set(Math.floor(nowMs() / 1_000))
    },
    seconds,
  }
}
