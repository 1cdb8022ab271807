import type { AppendRecord, EventLog, LogBatch, LogRecord } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'

/** A log that holds what it was given and is only consumed, once: offsets from 0, `batchRecords` at a time, the partitions in turn. */
export const createFixedLog = (
  records: ReadonlyMap<LogTopicName, readonly AppendRecord[]>,
  batchRecords: number,
): Pick<EventLog, 'consume'> & { readonly ends: ReadonlyMap<string, number> } => {
  const partitions = [...records].flatMap(([topic, of]) => {
    const byPartition = new Map<number, LogRecord[]>()
    for (const { key, value, partition = 0 } of of) {
      const here = byPartition.get(partition) ?? []
      byPartition.set(partition, here)
      here.push({ offset: here.length, key, value })
    }
    return [...byPartition].map(([partition, held]) => ({ topic, partition, held }))
  })
  return {
    ends: new Map(partitions.map(({ topic, partition, held }) => [`${topic}/${partition}`, held.length])),
    async consume({ onAssigned, onBatch }) {
      const starts = await onAssigned(partitions.map(({ topic, partition }) => ({ topic, partition })))
      let closed = false
      const pump = async ({ topic, partition, held }: (typeof partitions)[number], from: number): Promise<void> => {
        for (let at = from; at < held.length && !closed; at += batchRecords) {
          const nextOffset = Math.min(at + batchRecords, held.length)
          const batch: LogBatch = { topic, partition, records: held.slice(at, nextOffset), nextOffset, endOffset: held.length }
          await onBatch(batch)
        }
      }
      const failed = Promise.all(partitions.map((one, i) => pump(one, typeof starts[i] === 'number' ? starts[i] : 0))).then(() => undefined)
      return {
        failed,
        async close() {
          closed = true
          await failed
        },
      }
    },
  }
}
