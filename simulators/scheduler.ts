import type { Clock } from '../contracts/clock.ts'

/** Time that can be waited for: injected, so that a test turns it by hand. */
export interface Scheduler extends Clock {
  /** Calls `task` once after `delayMs`; answers a function that calls it off. */
  after(delayMs: number, task: () => void): () => void
  /** Resolves after `delayMs`, or at once with false when `signal` is or becomes aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<boolean>
}

/** A `sleep` over any `after`. */
export const sleepOver =
  (after: Scheduler['after']): Scheduler['sleep'] =>
  (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve(false)
      const abort = (): void => {
        cancel()
        resolve(false)
      }
      const cancel = after(Math.max(0, delayMs), () => {
        signal?.removeEventListener('abort', abort)
        resolve(true)
      })
      signal?.addEventListener('abort', abort, { once: true })
    })

const after: Scheduler['after'] = (delayMs, task) => {
  const timer = setTimeout(task, delayMs)
  return () => clearTimeout(timer)
}

export const systemScheduler: Scheduler = { now: () => Date.now(), after, sleep: sleepOver(after) }
