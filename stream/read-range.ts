import type { LogBatch } from '../contracts/event-log.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'
import type { PartitionSource } from './partition-source.ts'
import { batchRecordsMaxDefault } from './tailing-consumer.ts'

/** The records from `from` up to, and without, `to`, in order. Throws `RangeError` when `from` is below what is held. */
export async function* readRange(
  openSource: () => PartitionSource | Promise<PartitionSource>,
  topic: LogTopicName,
  partition: number,
  from: number,
  to: number,
): AsyncIterable<LogBatch> {
  const source = await openSource()
  const cursor = source.openCursor(topic, partition)
  let offset = from
  while (offset < to) {
    const found = cursor.readFrom(offset, batchRecordsMaxDefault)
    if (found === null || 'beyond' in found) return
    if ('goOnAt' in found)
      throw new RangeError(`${topic}/${partition} holds nothing below ${found.goOnAt} any more, ${offset} was asked for`)
    const last = found.records.at(-1)!
    if (last.offset < to) yield found
    else {
      const records = found.records.filter((record) => record.offset < to)
      if (records.length > 0) yield { ...found, records, nextOffset: to }
      return
    }
    offset = found.nextOffset
    // Other work of the event loop goes on between the batches.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
