import { setTimeout as sleep } from 'node:timers/promises'
import { LogUnavailable } from '../../contracts/event-log.ts'
import type { FetchedBlob } from './blob-cursor.ts'
import type { FetchedPartition, KafkaReader } from './kafka-ports.ts'
import { failureOf } from './kafka-failure.ts'
import type { ReadTroubles } from './read-watch.ts'
import { within } from './within.ts'

/** One partition's blobs as they come, ahead of who reads them by a bounded number of bytes. */
export interface BlobFeed {
  next(): FetchedBlob | null
  /** Kafka's offset after the last blob, as last heard. */
  end(): number
  /** Whether the place is not held (any more): `seek` says where to go on. */
  outOfRange(): boolean
  seek(blob: number): void
  /** Resolves when there is a blob, or `outOfRange`, or the loop has ended; rejects when it has failed. */
  more(): Promise<void>
  close(): void
}

export interface FetchLoop {
  feed(topic: string, partition: number, blob: number): BlobFeed
  /** Gives the request under way a second to end. */
  close(): Promise<void>
}

interface Feed {
  readonly topic: string
  readonly partition: number
  blobs: FetchedBlob[]
  bytes: number
  nextBlob: number
  end: number
  fetching: boolean
  outOfRange: boolean
  closed: boolean
  /** Of what was asked for before a `seek`, the answer is dropped. */
  generation: number
  wake: (() => void)[]
}

const waitMsMax = 250
const fetchBytesMax = 8_388_608
const partitionBytesMax = 1_048_576
/** A feed that has so much is not fetched for: back-pressure. Up to one fetch more lies in memory. */
const feedBytesMax = 2_097_152
const firstPauseMs = 50
const pauseMsMax = 1_000
/** A partition without a leader gets one when its brokers have chosen: so often it is asked for while other partitions are read. */
const lookUpMs = 250
/** An answer that does not come in this time is not waited for: it is not used any more. */
const closeMsMax = 1_000
const noLeader = 'a partition has no leader'

/**
 * Fetches for many partitions, one request a leader at a time, each for all partitions that have room. A failure is tried again after
 * leaders were looked up anew; one that only people can mend fails every feed.
 */
export const createFetchLoop = ({ reader, troubles }: { readonly reader: KafkaReader; readonly troubles: ReadTroubles }): FetchLoop => {
  const feeds = new Set<Feed>()
  const busy = new Set<string>()
  const running = new Set<Promise<void>>()
  let closed = false
  let failed: Error | null = null
  let pauseMs = firstPauseMs
  let lookingUp = false
  /** Why: nobody leads it, or nobody can be asked. */
  let leaderUnknown: string = noLeader
  let pausing: { readonly timer: ReturnType<typeof setTimeout>; readonly end: () => void } | null = null

  const wake = (feed: Feed): void => {
    for (const resolve of feed.wake.splice(0)) resolve()
  }

  const track = (work: Promise<void>): void => {
    running.add(work)
    void work.finally(() => running.delete(work))
  }

  const placeOf = ({ topic, partition }: Feed): string => `${topic}/${partition}`

  const askWhoLeads = async (afresh: boolean): Promise<void> => {
    try {
      if (afresh) await reader.reset()
      await reader.prepare([...new Set([...feeds].map(({ topic }) => topic))])
      leaderUnknown = noLeader
    } catch (error) {
      leaderUnknown = failureOf(error).message
      throw error
    }
  }

  const recover = async (error: unknown, wanted: Iterable<Feed>, sinceMs: number): Promise<void> => {
    const failure = failureOf(error)
    if (failure.kind === 'out-of-range') {
      for (const feed of feeds)
        if (feed.topic === failure.topic && feed.partition === failure.partition) {
          feed.outOfRange = true
          wake(feed)
        }
      return
    }
    if (failure.kind === 'refused') {
      const names = [...new Set([...wanted].map(({ topic }) => topic))]
      failed = new LogUnavailable('io', `Kafka refuses to let ${names.join(', ')} be read: ${failure.message}`, { cause: error })
      for (const feed of feeds) wake(feed)
      return
    }
    for (const feed of wanted) if (!feed.closed) troubles.failed(placeOf(feed), failure.message, sinceMs)
    await new Promise<void>((resolve) => {
      pausing = { timer: setTimeout(resolve, pauseMs), end: resolve }
    })
    pausing = null
    pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    if (closed) return
    try {
      await askWhoLeads(true)
    } catch (again) {
      if (failureOf(again).kind === 'refused') await recover(again, wanted, sinceMs)
    }
  }

  const take = (fetched: FetchedPartition, asked: ReadonlyMap<string, { readonly feed: Feed; readonly generation: number }>): void => {
    const { feed, generation } = asked.get(`${fetched.topic}/${fetched.partition}`)!
    if (feed.closed || feed.generation !== generation) return
    feed.end = fetched.end
    for (const { offset, value, appendedAtMs } of fetched.messages) {
      // A fetch begins at the start of the batch that the offset lies in.
      if (offset < feed.nextBlob) continue
      feed.blobs.push({ offset, sealed: value, appendedAtMs })
      feed.bytes += value.length
      feed.nextBlob = offset + 1
    }
    feed.nextBlob = Math.max(feed.nextBlob, fetched.after)
    if (feed.blobs.length > 0) wake(feed)
  }

  const fetchFrom = async (leader: string, wanted: readonly Feed[]): Promise<void> => {
    const asked = new Map(wanted.map((feed) => [`${feed.topic}/${feed.partition}`, { feed, generation: feed.generation }]))
    busy.add(leader)
    for (const feed of wanted) feed.fetching = true
    // A broker that holds its connections and says nothing is away from then on, not from when it is given up.
    const askedAtMs = troubles.nowMs()
    try {
      const answer = await reader.fetch(
        leader,
        wanted.map(({ topic, partition, nextBlob }) => ({ topic, partition, offset: nextBlob })),
        { waitMsMax, bytesMax: fetchBytesMax, partitionBytesMax },
      )
      for (const fetched of answer) take(fetched, asked)
      pauseMs = firstPauseMs
      for (const feed of wanted) troubles.over(placeOf(feed))
    } catch (error) {
      if (!closed) await recover(error, wanted, askedAtMs)
    } finally {
      busy.delete(leader)
      for (const feed of wanted) feed.fetching = false
      pump()
    }
  }

  /** Of partitions that nobody leads, while the other leaders go on giving: they fail nothing, so nobody else would ask anew. */
  const lookUp = async (leaderless: readonly Feed[]): Promise<void> => {
    lookingUp = true
    for (const feed of leaderless) if (!feed.closed) troubles.failed(placeOf(feed), leaderUnknown, troubles.nowMs())
    try {
      await sleep(lookUpMs)
      if (!closed) await askWhoLeads(false)
    } catch (error) {
      if (!closed && failureOf(error).kind === 'refused') await recover(error, leaderless, troubles.nowMs())
    } finally {
      lookingUp = false
      pump()
    }
  }

  const pump = (): void => {
    if (closed || failed !== null) return
    const byLeader = new Map<string, Feed[]>()
    const leaderless: Feed[] = []
    for (const feed of feeds) {
      if (feed.fetching || feed.outOfRange || feed.bytes >= feedBytesMax) continue
      let leader: string | undefined
      try {
        leader = reader.leaderOf(feed.topic, feed.partition)
      } catch {
        // Nothing is known of the cluster, now that it was away.
      }
      if (leader === undefined) leaderless.push(feed)
      else if (!busy.has(leader)) byLeader.set(leader, [...(byLeader.get(leader) ?? []), feed])
    }
    for (const [leader, wanted] of byLeader) track(fetchFrom(leader, wanted))
    if (leaderless.length === 0) return
    if (byLeader.size > 0 || busy.size > 0) {
      // Who recovers looks up, too.
      if (!lookingUp && !busy.has('')) track(lookUp(leaderless))
    } else {
      busy.add('')
      track(
        recover(new Error(leaderUnknown), leaderless, troubles.nowMs()).finally(() => {
          busy.delete('')
          pump()
        }),
      )
    }
  }

  return {
    feed(topic, partition, blob) {
      const feed: Feed = {
        topic,
        partition,
        blobs: [],
        bytes: 0,
        nextBlob: blob,
        end: blob,
        fetching: false,
        outOfRange: false,
        closed: false,
        generation: 0,
        wake: [],
      }
      feeds.add(feed)
      pump()
      return {
        next() {
          const blob = feed.blobs.shift()
          if (blob === undefined) return null
          const wasFull = feed.bytes >= feedBytesMax
          feed.bytes -= blob.sealed.length
          if (wasFull && feed.bytes < feedBytesMax) pump()
          return blob
        },
        end: () => feed.end,
        outOfRange: () => feed.outOfRange,
        seek(to) {
          feed.generation++
          feed.blobs = []
          feed.bytes = 0
          feed.nextBlob = to
          feed.outOfRange = false
          pump()
        },
        async more() {
          while (!closed && !feed.closed && failed === null && feed.blobs.length === 0 && !feed.outOfRange)
            await new Promise<void>((resolve) => feed.wake.push(resolve))
          if (failed !== null) throw failed
        },
        close() {
          feed.closed = true
          feeds.delete(feed)
          troubles.over(placeOf(feed))
          wake(feed)
        },
      }
    },
    async close() {
      closed = true
      if (pausing !== null) {
        clearTimeout(pausing.timer)
        pausing.end()
      }
      for (const feed of feeds) wake(feed)
      await within(closeMsMax, Promise.all(running))
    },
  }
}
