import {
  type AppendRecord,
  type EventLog,
  type LogBatch,
  type LogConsumer,
  type LogRecord,
  LogUnavailable,
  type PartitionRange,
} from '../contracts/event-log.ts'
import { createPlainParcel } from '../contracts/log-parcel.ts'
import { logTopics, type LogTopicName } from '../contracts/log-topics.ts'
import { partitionOf } from '../contracts/partitioner.ts'
import type { PartitionSource } from './partition-source.ts'
import { readRange } from './read-range.ts'
import { recordFault } from './record-batch.ts'
import { startTailingConsumer } from './tailing-consumer.ts'

interface Partition {
  earliest: number
  /** `records[i]` has offset `earliest + i`. */
  records: LogRecord[]
}

/** What the memory behind an in-memory log is: it outlives the log that is opened on it, as a disk would. */
export type LogMemory = Map<LogTopicName, Partition[]>

export interface MemoryLog extends EventLog {
  /** Drops what lies below `offset`, as retention would. */
  dropBelow(topic: LogTopicName, partition: number, offset: number): void
}

/** An `EventLog` without a disk, for unit tests and backtests. Values are copied on append. Passes the conformance suite. */
export const openMemoryLog = (memory: LogMemory = new Map()): MemoryLog => {
  let closed = false
  let appends = 0
  let appended = 0
  const consumers = new Set<LogConsumer>()
  const watchers = new Map<LogTopicName, Set<() => void>>()

  const partitionsOf = (topic: LogTopicName): Partition[] => {
    let here = memory.get(topic)
    if (here === undefined) {
      here = Array.from({ length: logTopics[topic].partitions }, () => ({ earliest: 0, records: [] }))
      memory.set(topic, here)
    }
    return here
  }
  const partitionAt = (topic: LogTopicName, partition: number): Partition => {
    const here = partitionsOf(topic)[partition]
    if (here === undefined) throw new RangeError(`${topic} has no partition ${partition}`)
    return here
  }
  const rangeOf = (topic: LogTopicName, partition: number): PartitionRange => {
    const { earliest, records } = partitionAt(topic, partition)
    return { topic, partition, earliest, next: earliest + records.length }
  }
  const source: PartitionSource = {
    range: rangeOf,
    openCursor: (topic, partition) => ({
      readFrom(offset, recordsMax) {
        const { earliest, records } = partitionAt(topic, partition)
        const next = earliest + records.length
        if (offset < earliest) return { goOnAt: earliest }
        if (offset > next) return { beyond: next }
        if (offset === next) return null
        const slice = records.slice(offset - earliest, offset - earliest + recordsMax)
        return { topic, partition, records: slice, nextOffset: offset + slice.length, endOffset: next } satisfies LogBatch
      },
    }),
    watch(topic, listener) {
      const here = watchers.get(topic) ?? new Set()
      watchers.set(topic, here.add(listener))
      return () => here.delete(listener)
    },
  }
  const alive = (): void => {
    if (closed) throw new LogUnavailable('closed', 'the log is closed')
  }

  return {
    async append(topic: LogTopicName, records: readonly AppendRecord[]) {
      alive()
      const partitions = partitionsOf(topic)
      const placed = records.map((record) => {
        const fault = recordFault(Buffer.byteLength(record.key), record.value.length)
        if (fault !== null) throw new RangeError(fault)
        const to = record.partition ?? partitionOf(record.key, partitions.length)
        return { record, partition: partitionAt(topic, to) }
      })
      for (const { record, partition } of placed)
        partition.records.push({
          offset: partition.earliest + partition.records.length,
          key: record.key,
          value: Uint8Array.prototype.slice.call(record.value),
        })
      appends++
      appended += records.length
      for (const wake of watchers.get(topic) ?? []) wake()
    },
    createParcel(topic) {
      const parcel = createPlainParcel((records) => this.append(topic, records))
      return {
        ...parcel,
        get records() {
          return parcel.records
        },
        add(partition, key, head, source, from, to) {
          const fault = recordFault(key.length, head.length + to - from)
          if (fault !== null) throw new RangeError(fault)
          partitionAt(topic, partition)
          parcel.add(partition, key, head, source, from, to)
        },
      }
    },
    async consume(options) {
      alive()
      const consumer: LogConsumer = await startTailingConsumer(source, options, () => consumers.delete(consumer))
      consumers.add(consumer)
      return consumer
    },
    async ranges(topics) {
      alive()
      return topics.flatMap((topic) => partitionsOf(topic).map((_, partition) => rangeOf(topic, partition)))
    },
    read(topic, partition, from, to) {
      alive()
      return readRange(() => source, topic, partition, from, to)
    },
    dropBelow(topic, partition, offset) {
      const here = partitionAt(topic, partition)
      const dropped = Math.min(Math.max(offset - here.earliest, 0), here.records.length)
      here.records.splice(0, dropped)
      here.earliest += dropped
    },
    stats: () => ({ appends, records: appended }),
    async close() {
      closed = true
      await Promise.all([...consumers].map((consumer) => consumer.close()))
    },
  }
}
