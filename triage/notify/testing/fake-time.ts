import type { Clock } from '../../../contracts/clock.ts'
import type { Timers } from '../timers.ts'

export interface FakeTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Lets `ms` pass, ending each timer's work before the next one. */
  pass(ms: number): Promise<void>
  /** Until nothing is under way any more. */
  settle(): Promise<void>
}

/** Turns of the event loop in which work without a timer or I/O surely ends. */
const turns = 12

/** A clock that stands still until it is told. */
export const createFakeTime = (startMs: number): FakeTime => {
  let nowMs = startMs
  let pending: { readonly at: number; readonly callback: () => void }[] = []
  const settle = async (): Promise<void> => {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock: { now: () => nowMs },
    timers: {
      after(ms, callback) {
        const entry = { at: nowMs + Math.max(0, ms), callback }
        pending.push(entry)
        return () => {
          pending = pending.filter((one) => one !== entry)
        }
      },
    },
    async pass(ms) {
      const endMs = nowMs + ms
      await settle()
      for (;;) {
        const next = pending.filter(({ at }) => at <= endMs).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        pending = pending.filter((one) => one !== next)
        nowMs = Math.max(nowMs, next.at)
        next.callback()
        await settle()
      }
      nowMs = endMs
      await settle()
    },
    settle,
  }
}
