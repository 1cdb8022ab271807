import { type AppendRecord, LogUnavailable } from '../../contracts/event-log.ts'

export interface OutboxOptions<Item extends AppendRecord> {
  /** Rejects with `LogUnavailable` when the records are not in the log: they are tried again. Any other rejection is final. */
  readonly append: (items: readonly Item[]) => Promise<void>
  /** The items are on disk. */
  readonly onDurable?: (items: readonly Item[]) => void
  /** The first failure of a row of them. */
  readonly onUnavailable?: (error: LogUnavailable) => void
  /** A failure that no patience mends. */
  readonly onFailed: (error: unknown) => void
  /** Above this many waiting items `room` waits. */
  readonly waitingMax?: number
  readonly backoffMs?: { readonly first: number; readonly max: number }
}

/**
 * What one partition's stages have to say, on its way to one topic: in order, one append at a time, coalescing what came
 * meanwhile; kept and tried again while the log is unavailable. Bounded by its owner, who waits for `room` between batches.
 */
export interface Outbox<Item extends AppendRecord> {
  push(item: Item): void
  /** Resolves once everything pushed so far is durable: true; or will not be, because the outbox gave up: false. */
  durable(): Promise<boolean>
  /** Resolves when the queue is short enough to go on, or the outbox has given up. */
  room(): Promise<void>
  /** No more patience: what fails from now on is given up. Waits for what is under way. Idempotent. */
  close(): Promise<void>
  readonly waiting: number
}

interface Waiter {
  readonly sequence: number
  readonly resolve: (durable: boolean) => void
}

const itemsPerAppendMax = 1_000

export const createOutbox = <Item extends AppendRecord>(options: OutboxOptions<Item>): Outbox<Item> => {
  const { append, onDurable, onUnavailable, onFailed, waitingMax = 4_096, backoffMs = { first: 50, max: 2_000 } } = options
  let queue: Item[] = []
  let pushed = 0
  let settled = 0
  let waiters: Waiter[] = []
  let flushing: Promise<void> | null = null
  let closing = false
  let gaveUp = false
  let wakeUp = (): void => {}

  const release = (): void => {
    const due = waiters.filter(({ sequence }) => gaveUp || sequence <= settled)
    waiters = waiters.filter((waiter) => !due.includes(waiter))
    for (const { resolve, sequence } of due) resolve(sequence <= settled)
  }
  const giveUp = (): void => {
    gaveUp = true
    queue = []
    release()
  }
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (closing) return resolve()
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  /** True when the items are durable. */
  const deliver = async (items: readonly Item[]): Promise<boolean> => {
    for (let delayMs = backoffMs.first; ; delayMs = Math.min(delayMs * 2, backoffMs.max)) {
      try {
        await append(items)
        return true
      } catch (error) {
        if (!(error instanceof LogUnavailable) || (error.reason === 'closed' && !closing)) {
          onFailed(error)
          return false
        }
        if (closing) return false
        if (delayMs === backoffMs.first) onUnavailable?.(error)
        await pause(delayMs)
      }
    }
  }
  const flush = async (): Promise<void> => {
    // A turn's worth of pushes goes in one append.
    await Promise.resolve()
    while (queue.length > 0) {
      const items = queue.slice(0, itemsPerAppendMax)
      if (!(await deliver(items))) return giveUp()
      queue = queue.slice(items.length)
      settled += items.length
      onDurable?.(items)
      release()
    }
  }
  const wait = (sequence: number): Promise<boolean> => {
    if (sequence <= settled) return Promise.resolve(true)
    if (gaveUp) return Promise.resolve(false)
    return new Promise((resolve) => waiters.push({ sequence, resolve }))
  }
  return {
    get waiting() {
      return queue.length
    },
    push(item) {
      pushed++
      if (gaveUp) return
      queue.push(item)
      flushing ??= flush().finally(() => {
        flushing = null
      })
    },
    durable: () => wait(pushed),
    async room() {
      await wait(pushed - waitingMax)
    },
    async close() {
      closing = true
      wakeUp()
      await flushing
    },
  }
}
