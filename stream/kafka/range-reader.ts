import { type LogBatch, LogUnavailable, type PartitionRange } from '../../contracts/event-log.ts'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { KeyCache } from '../record-batch.ts'
import { batchRecordsMaxDefault } from '../tailing-consumer.ts'
import { createBlobCursor, type FetchedBlob } from './blob-cursor.ts'
import { blobOf, firstOffsetOf } from './blob-offset.ts'
import type { BlobSeal } from './blob-seal.ts'
import type { KafkaClient, KafkaReader } from './kafka-ports.ts'
import { failureOf } from './kafka-failure.ts'
import { untilServed } from './until-served.ts'

/** What is asked once: how far partitions reach, and their records from one offset to another. No group is joined for it. */
export interface RangeReader {
  ranges(topics: readonly LogTopicName[]): Promise<readonly PartitionRange[]>
  read(topic: LogTopicName, partition: number, from: number, to: number): AsyncIterable<LogBatch>
  close(): Promise<void>
}

const limits = { waitMsMax: 100, bytesMax: 4_194_304, partitionBytesMax: 2_097_152 }

export const createRangeReader = (options: {
  readonly client: Pick<KafkaClient, 'openReader'>
  readonly nameOf: (topic: LogTopicName) => string
  readonly sealOf: (topic: LogTopicName, partition: number) => BlobSeal
  readonly keys: KeyCache
  readonly giveUpMs: number
  readonly steadyNowMs: () => number
}): RangeReader => {
  const { client, nameOf, sealOf, keys, giveUpMs, steadyNowMs } = options
  let reader: KafkaReader | null = null
  const prepared = new Set<string>()
  let closed = false

  const served = <T>(what: string, names: readonly string[], ask: (reader: KafkaReader) => Promise<T>): Promise<T> =>
    untilServed(
      what,
      async () => {
        if (closed) throw new LogUnavailable('closed', 'the log is closed')
        reader ??= client.openReader()
        if (names.some((name) => !prepared.has(name))) {
          await reader.prepare(names)
          for (const name of names) prepared.add(name)
        }
        try {
          return await ask(reader)
        } catch (error) {
          // Who leads is looked up anew the next time.
          for (const name of names) prepared.delete(name)
          await reader.reset()
          throw error
        }
      },
      { msMax: giveUpMs, steadyNowMs, ending: () => closed },
    )

  const ranges: RangeReader['ranges'] = async (topics) => {
    const wanted = topics.flatMap((topic) =>
      Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({ topic: nameOf(topic), partition, of: topic })),
    )
    if (wanted.length === 0) return []
    const ends = await served('how far the log reaches', topics.map(nameOf), (asked) => asked.ends(wanted))
    return wanted.map(({ of, partition }, i) => ({
      topic: of,
      partition,
      earliest: firstOffsetOf(ends[i]!.earliest),
      next: firstOffsetOf(ends[i]!.next),
    }))
  }

  return {
    ranges,
    async *read(topic, partition, from, to) {
      if (from >= to) return
      const name = nameOf(topic)
      const held = (await ranges([topic]))[partition]!
      const below = (): RangeError =>
        new RangeError(`${topic}/${partition} holds nothing below ${held.earliest} any more, ${from} was asked for`)
      if (from < held.earliest) throw below()
      const end = Math.min(to, held.next)
      let fetched: FetchedBlob[] = []
      let nextBlob = blobOf(from)
      const cursor = createBlobCursor({
        name: `${topic}/${partition}`,
        start: from,
        seal: sealOf(topic, partition),
        keys,
        nextBlob: () => fetched.shift() ?? null,
      })
      for (;;) {
        const taken = cursor.take(batchRecordsMaxDefault)
        if (taken !== null) {
          const { records, nextOffset } = taken
          const inside = records.at(-1)!.offset < end ? records : records.filter(({ offset }) => offset < end)
          if (inside.length > 0)
            yield { topic, partition, records: inside, nextOffset: Math.min(nextOffset, end), endOffset: Math.max(held.next, nextOffset) }
          if (nextOffset >= end) return
          // Other work of the event loop goes on between the batches.
          await new Promise((resolve) => setImmediate(resolve))
          continue
        }
        if (firstOffsetOf(nextBlob) >= end) return
        const asked = nextBlob
        const answer = await served(`reading ${topic}/${partition}`, [name], async (from) => {
          const leader = from.leaderOf(name, partition)
          if (leader === undefined) throw new Error(`nobody leads ${name}/${partition} now`)
          try {
            return await from.fetch(leader, [{ topic: name, partition, offset: asked }], limits)
          } catch (error) {
            if (failureOf(error).kind === 'out-of-range') return 'out-of-range'
            throw error
          }
        })
        if (answer === 'out-of-range') throw below()
        fetched = answer[0]!.messages.filter(({ offset }) => offset >= asked).map(({ offset, value }) => ({ offset, sealed: value }))
        nextBlob = fetched.length > 0 ? fetched.at(-1)!.offset + 1 : nextBlob
      }
    },
    async close() {
      closed = true
      await reader?.close().catch(() => {})
    },
  }
}
