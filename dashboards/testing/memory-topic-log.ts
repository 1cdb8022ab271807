import { type AppendRecord, type EventLog, type LogBatch, LogUnavailable, type LogRecord } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'

/** A log of one-partition topics in memory, as far as the desk needs it: append, ranges, read. `unavailable` makes it refuse. */
export interface MemoryTopicLog extends EventLog {
  unavailable: boolean
  texts(topic: LogTopicName): readonly string[]
}

export const createMemoryTopicLog = (): MemoryTopicLog => {
  const topics = new Map<LogTopicName, LogRecord[]>()
  const of = (topic: LogTopicName): LogRecord[] => {
    const known = topics.get(topic) ?? []
    topics.set(topic, known)
    return known
  }
  return {
    unavailable: false,
    async append(topic, records: readonly AppendRecord[]) {
      await Promise.resolve()
      if (this.unavailable) throw new LogUnavailable('disk-full', 'the disk is full')
      const held = of(topic)
      for (const { key, value } of records) held.push({ offset: held.length, key, value: Buffer.from(value) })
    },
    consume: () => Promise.reject(new Error('this log is not followed')),
    ranges: (names) => Promise.resolve(names.map((topic) => ({ topic, partition: 0, earliest: 0, next: of(topic).length }))),
    async *read(topic, partition, from, to): AsyncGenerator<LogBatch> {
      await Promise.resolve()
      const records = of(topic).slice(from, to)
      if (records.length > 0) yield { topic, partition, records, nextOffset: to, endOffset: of(topic).length }
    },
    stats: () => ({}),
    close: () => Promise.resolve(),
    texts: (topic) => of(topic).map(({ value }) => Buffer.from(value).toString('utf8')),
  }
}
