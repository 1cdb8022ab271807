import type { Clock } from '../../contracts/clock.ts'
import type { NextPage } from './next-page.ts'
import type { Timers } from './timers.ts'

export interface ChannelLoop {
  /** Something may be due. */
  kick(): void
  /** Starts nothing more; resolves when the attempt under way has ended. */
  close(): Promise<void>
}

interface ChannelLoopOptions {
  readonly next: () => NextPage | null
  /** Ends with an outcome recorded: whatever `next` says then is after it. */
  readonly attempt: (next: NextPage) => Promise<void>
  readonly clock: Clock
  readonly timers: Timers
  readonly onFailure: (error: unknown) => void
}

/** One channel sends one page at a time, in order, and waits for no other channel. */
export const createChannelLoop = ({ next, attempt, clock, timers, onFailure }: ChannelLoopOptions): ChannelLoop => {
  let closed = false
  let running: Promise<void> | null = null
  let cancel = () => {}
  /** Kicked while a run was under way: it may have looked already. */
  let again = false

  const run = async (): Promise<void> => {
    for (;;) {
      const due = closed ? null : next()
      if (due === null) return
      const waitMs = due.at - clock.now()
      if (waitMs > 0) {
        cancel = timers.after(waitMs, kick)
        return
      }
      await attempt(due)
    }
  }
  const kick = (): void => {
    if (closed) return
    if (running !== null) {
      again = true
      return
    }
    again = false
    cancel()
    running = run()
      .catch(onFailure)
      .finally(() => {
        running = null
        if (again) kick()
      })
  }
  return {
    kick,
    async close() {
      closed = true
      cancel()
      await running
    },
  }
}
