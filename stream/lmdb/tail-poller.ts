import type { LogTopicName } from '../../contracts/log-topics.ts'

export interface TailPollerOptions {
  readonly pollMs: number
  readonly commitCount: (topic: LogTopicName) => number
  readonly endRead: (topic: LogTopicName) => void
}

/**
 * Wakes readers when a topic has grown: at once for appends of this process, by polling for those of others. A poll reads one
 * number a watched topic (about 2 us); nothing is polled while nobody watches. After some polls without news it polls
 * six times more seldom: waking a process is what costs (0.25 ms of CPU a wake-up on a small virtual machine).
 */
export interface TailPoller {
  watch(topic: LogTopicName, appended: () => void): () => void
  appended(topic: LogTopicName): void
  close(): void
}

const restsAfterPolls = 10
const restFactor = 6

export const createTailPoller = ({ pollMs, commitCount, endRead }: TailPollerOptions): TailPoller => {
  const watchers = new Map<LogTopicName, Set<() => void>>()
  const seen = new Map<LogTopicName, number>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let quietPolls = 0

  const wake = (topic: LogTopicName): void => {
    for (const appended of watchers.get(topic) ?? []) appended()
  }
  const arm = (): void => {
    timer = setTimeout(poll, quietPolls < restsAfterPolls ? pollMs : pollMs * restFactor)
  }
  const poll = (): void => {
    quietPolls++
    for (const [topic, listeners] of watchers) {
      if (listeners.size === 0) continue
      const count = commitCount(topic)
      endRead(topic)
      if (count === seen.get(topic)) continue
      seen.set(topic, count)
      quietPolls = 0
      wake(topic)
    }
    arm()
  }

  return {
    watch(topic, appended) {
      const listeners = watchers.get(topic) ?? new Set()
      watchers.set(topic, listeners.add(appended))
      if (timer === undefined) arm()
      return () => {
        listeners.delete(appended)
        if (![...watchers.values()].some((set) => set.size > 0)) {
          clearTimeout(timer)
          timer = undefined
        }
      }
    },
    appended(topic) {
      quietPolls = 0
      wake(topic)
    },
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
