import type { ConsumeOptions, LogConsumer, StartPosition } from '../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../contracts/log-topics.ts'
import type { PartitionSource } from './partition-source.ts'

export const batchRecordsMaxDefault = 1_000
/** After so many records a partition's loop lets the event loop's other work go on: handlers that never wait would starve it. */
const recordsPerTurnMax = 2_000

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Wakes who waits for more; a wake-up between looking and waiting is not lost. */
interface Wakeup {
  readonly generation: () => number
  wake(): void
  /** Resolves when the generation is no longer `seen`. */
  after(seen: number): Promise<void>
}

const createWakeup = (): Wakeup => {
  let generation = 0
  let waiting: (() => void)[] = []
  return {
    generation: () => generation,
    wake() {
      generation++
      const woken = waiting
      waiting = []
      for (const resolve of woken) resolve()
    },
    after: (seen) => (seen === generation ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
  }
}

/** A consumer that has all partitions of its topics, one loop each. Rejects when `onAssigned` does. */
export const startTailingConsumer = async (
  source: PartitionSource,
  options: ConsumeOptions,
  onClosed: () => void,
): Promise<LogConsumer> => {
  const recordsMax = options.batchRecordsMax ?? batchRecordsMaxDefault
  if (!Number.isInteger(recordsMax) || recordsMax < 1) throw new RangeError(`batchRecordsMax is an integer from 1 on, not ${recordsMax}`)
  const partitions = options.topics.flatMap((topic) =>
    Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({ topic, partition })),
  )
  let closing = false
  const wakeups: Wakeup[] = []
  const unwatch: (() => void)[] = []

  const positions = await options.onAssigned(partitions)
  if (positions.length !== partitions.length)
    throw new RangeError(`onAssigned was given ${partitions.length} partitions and answered ${positions.length} positions`)

  const startOffset = (topic: LogTopicName, partition: number, position: StartPosition): number => {
    if (typeof position === 'number') return position
    const range = source.range(topic, partition)
    return position === 'earliest' ? range.earliest : range.next
  }

  const follow = async (topic: LogTopicName, partition: number, start: number): Promise<void> => {
    const wakeup = createWakeup()
    wakeups.push(wakeup)
    unwatch.push(source.watch(topic, () => wakeup.wake()))
    const cursor = source.openCursor(topic, partition)
    let offset = start
    let recordsThisTurn = 0
    while (!closing) {
      const seen = wakeup.generation()
      const found = cursor.readFrom(offset, recordsMax)
      if (found === null) {
        recordsThisTurn = 0
        await wakeup.after(seen)
      } else if ('goOnAt' in found) {
        options.onGap?.({ topic, partition, from: offset, to: found.goOnAt, why: 'retention' })
        offset = found.goOnAt
      } else if ('beyond' in found) {
        throw new RangeError(
          `${options.group}: ${topic}/${partition} is to be read from ${offset}, but it ends at ${found.beyond}: this is not the log that the position was taken from`,
        )
      } else {
        await options.onBatch(found)
        offset = found.nextOffset
        recordsThisTurn += found.records.length
        if (recordsThisTurn >= recordsPerTurnMax) {
          recordsThisTurn = 0
          await nextTurn()
        }
      }
    }
  }

  const stop = (): void => {
    closing = true
    for (const forget of unwatch) forget()
    for (const wakeup of wakeups) wakeup.wake()
  }
  const starts = partitions.map(({ topic, partition }, i) => startOffset(topic, partition, positions[i]!))
  // The loops start in the next turn, so that the caller has its hands on `failed` before anything can fail.
  const loops = partitions.map(async ({ topic, partition }, i) => {
    await nextTurn()
    try {
      await follow(topic, partition, starts[i]!)
    } catch (error) {
      stop()
      throw error
    }
  })
  // Left without a catch: a failure that nobody looks at ends the process instead of leaving a consumer that stands still.
  const failed = Promise.all(loops).then(() => undefined)
  const ended = Promise.allSettled(loops).then(onClosed)
  return {
    failed,
    async close() {
      stop()
      await ended
    },
  }
}
