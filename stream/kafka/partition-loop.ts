import type { ConsumeOptions } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import type { KeyCache } from '../record-batch.ts'
import { createBlobCursor } from './blob-cursor.ts'
import { blobOf, firstOffsetOf } from './blob-offset.ts'
import type { BlobSeal } from './blob-seal.ts'
import type { FetchLoop } from './fetch-loop.ts'
import { createLagEstimate } from './lag-estimate.ts'
import type { PartitionEnds } from './kafka-ports.ts'
import type { UnopenedBlobs } from './unopened-blobs.ts'

export interface PartitionLoopOptions {
  readonly topic: LogTopicName
  /** What the topic is called in Kafka. */
  readonly name: string
  readonly partition: number
  readonly start: number
  readonly recordsMax: number
  readonly consume: Pick<ConsumeOptions, 'group' | 'onBatch' | 'onGap'>
  readonly fetches: FetchLoop
  readonly seal: BlobSeal
  readonly keys: KeyCache
  readonly unopened: UnopenedBlobs
  readonly ends: () => Promise<PartitionEnds>
  /** Waits while it is not certain that the partition is still this member's. */
  readonly mayHandle: () => Promise<void>
}

/** One partition of a consumer: hands out batch after batch until it is stopped. */
export interface PartitionLoop {
  /** Rejects with the handler's failure, or with what can't be read. */
  readonly ended: Promise<void>
  /** Where to go on: everything below was handled. */
  position(): number
  /** Waits for the handler that runs. */
  stop(): Promise<void>
}

/** After so many records it lets the event loop's other work go on: handlers that never wait would starve it. */
const recordsPerTurnMax = 2_000

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const startPartitionLoop = (options: PartitionLoopOptions): PartitionLoop => {
  const { topic, name, partition, start, recordsMax, consume, fetches, seal, keys, unopened, ends, mayHandle } = options
  let position = start
  let stopping = false
  const feed = fetches.feed(name, partition, blobOf(start))
  const cursorFrom = (offset: number) =>
    createBlobCursor({ name: `${topic}/${partition}`, start: offset, seal, keys, nextBlob: () => feed.next(), opened: unopened.opened })

  const run = async (): Promise<void> => {
    let cursor = cursorFrom(start)
    const lag = createLagEstimate()
    let recordsThisTurn = 0
    // In the next turn, so that the caller has its hands on `ended` before anything can fail.
    await nextTurn()
    while (!stopping) {
      const taken = cursor.take(recordsMax)
      if (taken !== null) {
        if ('unopened' in taken) await unopened.passOver(topic, partition, taken)
        await mayHandle()
        if (stopping) return
        const { nextOffset } = taken
        let handled = 1
        if ('unopened' in taken) consume.onGap?.({ topic, partition, from: position, to: nextOffset, why: 'unopened' })
        else {
          const { records } = taken
          handled = records.length
          const endOffset = Math.max(nextOffset, firstOffsetOf(feed.end()))
          const lagRecords = lag.behind(handled, nextOffset, endOffset)
          await consume.onBatch({ topic, partition, records, nextOffset, endOffset, lagRecords })
        }
        position = nextOffset
        recordsThisTurn += handled
        if (recordsThisTurn < recordsPerTurnMax) continue
        recordsThisTurn = 0
        await nextTurn()
      } else if (feed.outOfRange()) {
        const held = await ends()
        const earliest = firstOffsetOf(held.earliest)
        if (position < earliest) {
          consume.onGap?.({ topic, partition, from: position, to: earliest, why: 'retention' })
          position = earliest
        } else if (position > firstOffsetOf(held.next))
          throw new RangeError(
            `${consume.group}: ${topic}/${partition} is to be read from ${position}, but it ends at ${firstOffsetOf(held.next)}: this is not the log that the position was taken from`,
          )
        cursor = cursorFrom(position)
        feed.seek(blobOf(position))
      } else {
        recordsThisTurn = 0
        await feed.more()
      }
    }
  }

  const ended = run().finally(() => feed.close())
  return {
    ended,
    position: () => position,
    async stop() {
      stopping = true
      feed.close()
      await ended.catch(() => {})
    },
  }
}
