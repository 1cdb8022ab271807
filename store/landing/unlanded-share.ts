import type { EventLog, PartitionRange } from '../../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import { partitionName } from './landing-batch.ts'

const lookEveryMs = 30_000

/**
 * How much of what the log keeps has not landed yet, 0 to 1, of the partition that is worst off: at 1 retention takes what was never landed. Time says little of it,
 * since a busy log is cut by bytes long before its hours. It is looked at while history is behind; a partition that retention has cut nothing of yet tells nothing.
 */
export interface UnlandedShare {
  share(): number
  close(): void
}

export const unlandedShareOf = (ranges: readonly PartitionRange[], positions: Readonly<Record<string, number>>): number => {
  let worst = 0
  for (const { topic, partition, earliest, next } of ranges) {
    const position = positions[partitionName(topic, partition)]
    if (position === undefined || earliest === 0 || next <= earliest) continue
    worst = Math.max(worst, (next - Math.max(position, earliest)) / (next - earliest))
  }
  return Math.max(0, worst)
}

/**
 * @param positions what has landed, by `topic/partition`: of the partitions that this sink has
 * @param isBehind whether history is
 */
export const watchUnlandedShare = (options: {
  readonly log: Pick<EventLog, 'ranges'>
  readonly topics: readonly LogTopicName[]
  readonly positions: () => Readonly<Record<string, number>>
  readonly isBehind: () => boolean
  readonly logger: Logger
}): UnlandedShare => {
  const { log, positions, isBehind, logger } = options
  const topics = options.topics.filter((topic) => logTopics[topic].retention === 'expire')
  let share = 0
  let looking = false
  const look = async (): Promise<void> => {
    if (!isBehind()) {
      share = 0
      return
    }
    if (looking) return
    looking = true
    try {
      share = unlandedShareOf(await log.ranges(topics), positions())
    } catch (error) {
      logger.debug({ reason: error instanceof Error ? error.message : String(error) }, 'what the log keeps can not be asked')
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  return { share: () => share, close: () => clearInterval(timer) }
}
