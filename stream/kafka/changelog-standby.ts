import type { Logger } from '../../contracts/logger.ts'

/** Reads on in all changelogs, so that what this machine may have to take over is here already. */
export interface ChangelogStandby {
  close(): Promise<void>
}

/** One round after the other, each partition in turn; a partition's failure is told once and tried again in the next round. */
export const startStandby = (options: {
  readonly follow: (partition: string) => Promise<number>
  readonly partitions: readonly string[]
  readonly everyMs: number
  readonly logger: Logger
}): ChangelogStandby => {
  const { follow, partitions, everyMs, logger } = options
  let closed = false
  const troubled = new Set<string>()
  let wake: (() => void) | null = null

  const rounds = async (): Promise<void> => {
    while (!closed) {
      for (const partition of partitions) {
        if (closed) return
        try {
          await follow(partition)
          troubled.delete(partition)
        } catch (error) {
          if (!troubled.has(partition) && !closed)
            logger.warn({ partition, error: String(error) }, 'a changelog could not be followed; it is tried again')
          troubled.add(partition)
        }
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const running = rounds()
  return {
    async close() {
      closed = true
      wake?.()
      await running
    },
  }
}
