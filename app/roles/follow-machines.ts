import { setTimeout as sleep } from 'node:timers/promises'
import type { EventLog, LogConsumer } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createKnownMachines } from '../desk/known-machines.ts'
import type { OtherMachines } from '../desk/pipeline-figures.ts'

const topic = 'machines.v1'
/** So long it waits before it tries again, ms. */
const againMsDefault = 15_000

/** The other machines, as long as this is not closed. */
export interface FollowedMachines extends OtherMachines {
  stats(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/**
 * Follows what the other machines of this log tell of themselves, from now on: all of them tell it every few seconds. A desk that may not
 * read it, or before whose time the topic was not there, says so in its Pipeline and works.
 *
 * @param own this machine's name
 * @param group of this run of this desk alone
 */
export const followMachines = (options: {
  readonly log: Pick<EventLog, 'consume' | 'ranges'>
  readonly own: string
  readonly group: string
  readonly steadyNowMs: () => number
  readonly logger: Logger
  readonly againMs?: number
}): FollowedMachines => {
  const { log, own, group, steadyNowMs, logger, againMs = againMsDefault } = options
  const known = createKnownMachines(own, steadyNowMs)
  const ending = new AbortController()
  let consumer: LogConsumer | null = null
  let next: number | null = null
  let problem: string | null = null

  const follow = async (): Promise<void> => {
    // Asked first: who would be a member for a topic that is not there goes on trying, and calls it an outage of Kafka.
    await log.ranges([topic])
    consumer = await log.consume({
      topics: [topic],
      group,
      // Given back and taken again it goes on where it was.
      onAssigned: async (partitions) => partitions.map(() => next ?? 'latest'),
      async onBatch({ records, nextOffset }) {
        for (const { value } of records) known.take(value)
        next = nextOffset
      },
      // What is gone is old.
      onGap: () => {},
    })
    if (ending.signal.aborted) return consumer.close()
    problem = null
    await consumer.failed
  }

  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await follow()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (problem === null) logger.warn({ reason }, 'the other machines can not be followed; it is tried again')
        // What could not be read is not tried again.
        next = null
        problem = `Nothing is known of the other machines, ${topic} can not be read: ${reason.split('\n')[0]!.slice(0, 200)}`
        await sleep(againMs, null, { signal: ending.signal, ref: false }).catch(() => {})
      }
    }
  }
  void run()

  return {
    list: known.list,
    shared: known.shared,
    problem: () => problem,
    stats: known.stats,
    async close() {
      ending.abort()
      await consumer?.close()
    },
  }
}
