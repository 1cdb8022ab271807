import { type LogBatch, LogUnavailable, type PartitionRange } from '../../contracts/event-log.ts'
import { ledTopics, logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { KeyCache } from '../record-batch.ts'
import { batchRecordsMaxDefault } from '../tailing-consumer.ts'
import { createBlobCursor, type FetchedBlob } from './blob-cursor.ts'
import { blobOf, firstOffsetOf } from './blob-offset.ts'
import type { BlobSeal } from './blob-seal.ts'
import { createLastRecords } from './last-records.ts'
import type { FetchedPartition, KafkaClient, KafkaReader, PartitionEnds } from './kafka-ports.ts'
import { failureOf } from './kafka-failure.ts'
import type { UnopenedBlobs } from './unopened-blobs.ts'
import { untilServed } from './until-served.ts'

/** What is asked once: how far partitions reach, and their records from one offset to another. No group is joined for it. */
export interface RangeReader {
  ranges(topics: readonly LogTopicName[]): Promise<readonly PartitionRange[]>
  read(topic: LogTopicName, partition: number, from: number, to: number): AsyncIterable<LogBatch>
  /** In Kafka's own offsets and names. */
  ends(partitions: readonly { readonly topic: string; readonly partition: number }[], triesMs?: number): Promise<readonly PartitionEnds[]>
  /** @param triesMs so long it is asked again while nobody can serve it; default: as the log gives up */
  fetchFrom(name: string, partition: number, offset: number, triesMs?: number): Promise<FetchedPartition | 'out-of-range'>
  close(): Promise<void>
}

const inTransactions: ReadonlySet<LogTopicName> = new Set(ledTopics)

const limits = { waitMsMax: 100, bytesMax: 4_194_304, partitionBytesMax: 2_097_152 }

export const createRangeReader = (options: {
  readonly client: Pick<KafkaClient, 'openReader'>
  readonly nameOf: (topic: LogTopicName) => string
  readonly sealOf: (topic: LogTopicName, partition: number) => BlobSeal
  readonly keys: KeyCache
  readonly unopened: UnopenedBlobs
  readonly giveUpMs: number
  readonly steadyNowMs: () => number
}): RangeReader => {
  const { client, nameOf, sealOf, keys, unopened, giveUpMs, steadyNowMs } = options
  let reader: KafkaReader | null = null
  const prepared = new Set<string>()
  let closed = false

  const served = <T>(what: string, names: readonly string[], ask: (reader: KafkaReader) => Promise<T>, triesMs = giveUpMs): Promise<T> =>
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
      { msMax: triesMs, steadyNowMs, ending: () => closed },
    )

  const endsOf: RangeReader['ends'] = (partitions, triesMs) =>
    served('how far the log reaches', [...new Set(partitions.map(({ topic }) => topic))], (asked) => asked.ends(partitions), triesMs)

  const fetchFrom: RangeReader['fetchFrom'] = (name, partition, offset, triesMs) =>
    served(
      `reading ${name}/${partition}`,
      [name],
      async (from) => {
        const leader = from.leaderOf(name, partition)
        if (leader === undefined) throw new Error(`nobody leads ${name}/${partition} now`)
        try {
          const [answer] = await from.fetch(leader, [{ topic: name, partition, offset }], limits)
          return answer!
        } catch (error) {
          if (failureOf(error).kind === 'out-of-range') return 'out-of-range'
          throw error
        }
      },
      triesMs,
    )
  const lastRecords = createLastRecords(fetchFrom)

  const ranges: RangeReader['ranges'] = async (topics) => {
    const wanted = topics.flatMap((topic) =>
      Array.from({ length: logTopics[topic].partitions }, (_, partition) => ({ topic: nameOf(topic), partition, of: topic })),
    )
    if (wanted.length === 0) return []
    const ends = await endsOf(wanted)
    return Promise.all(
      wanted.map(async ({ of, partition }, i) => ({
        topic: of,
        partition,
        earliest: firstOffsetOf(ends[i]!.earliest),
        next: firstOffsetOf(inTransactions.has(of) ? await lastRecords.endOf(ends[i]!) : ends[i]!.next),
      })),
    )
  }

  return {
    ranges,
    ends: endsOf,
    fetchFrom,
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
        opened: unopened.opened,
      })
      for (;;) {
        const taken = cursor.take(batchRecordsMaxDefault)
        if (taken !== null) {
          if ('unopened' in taken) {
            await unopened.passOver(topic, partition, taken)
            continue
          }
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
        const answer = await fetchFrom(name, partition, asked)
        if (answer === 'out-of-range') throw below()
        fetched = answer.messages
          .filter(({ offset }) => offset >= asked)
          .map(({ offset, value, appendedAtMs }) => ({ offset, sealed: value, appendedAtMs }))
        nextBlob = Math.max(nextBlob, answer.after)
      }
    },
    async close() {
      closed = true
      await reader?.close().catch(() => {})
    },
  }
}
