import { envelopeText } from '../../contracts/envelope.ts'
import { type EventLog, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type Session, session } from '../../contracts/observation.ts'

const topic = 'connects.v1'

/**
 * Follows `connects.v1` from its end: every sign-in at any edge of this log, in the log's order for a device. Resolves when it stands at the end, so that an
 * edge started afterwards hears its own announcements too.
 *
 * @param options.group of this edge alone: everyone has to see every record
 */
export const followConnects = async (options: {
  readonly log: EventLog
  readonly logger: Logger
  readonly group: string
  readonly heard: (connect: Session) => void
}): Promise<LogConsumer> => {
  const { log, logger, group, heard } = options
  const next = new Map<number, number>()
  try {
    for (const range of await log.ranges([topic])) next.set(range.partition, range.next)
  } catch (error) {
    // Who may not read it may not ask where it ends: once it can be read, it is followed from there.
    if (!(error instanceof LogUnavailable) || error.reason !== 'io') throw error
  }
  return log.consume({
    topics: [topic],
    group,
    // After a rebalance it goes on where it was.
    onAssigned: (partitions) => Promise.resolve(partitions.map(({ partition }) => next.get(partition) ?? 'latest')),
    onBatch({ partition, records, nextOffset }) {
      for (const { value, offset } of records) {
        const connect = read(value)
        if (connect === null) logger.error({ topic, partition, offset }, 'an announcement cannot be read; it is passed over')
        else heard(connect)
      }
      next.set(partition, nextOffset)
      return Promise.resolve()
    },
    onGap(gap) {
      next.set(gap.partition, gap.to)
      logger.warn(gap, 'announcements are gone from the log before they were read: two edges may hold one device for a while')
    },
  })
}

const read = (value: Uint8Array): Session | null => {
  try {
    const parsed = session.safeParse(JSON.parse(envelopeText(value)))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
