import { LogUnavailable } from '../../contracts/event-log.ts'
import type { LogParcel } from '../../contracts/log-parcel.ts'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import type { AppendedKeys } from '../appended-keys.ts'
import { type CommitBlob, createGroupCommit, type GroupCommit } from '../group-commit.ts'
import { createTopicParcel } from '../topic-parcel.ts'
import { batchBytesMax, blobBytesMax } from './blob-limits.ts'
import { blobRecordsMax } from './blob-offset.ts'
import { type BlobSeal, createBlobSeal } from './blob-seal.ts'
import { createCommitWriter, type LaneWork } from './commit-writer.ts'
import type { ProducerLane, ProducerLanes } from './producer-lanes.ts'
import type { TopicWatch } from './write-watch.ts'

export interface KafkaTopicOptions {
  readonly topic: LogTopicName
  /** What it is called in Kafka. */
  readonly name: string
  readonly lanes: ProducerLanes
  readonly sealer: Sealer
  readonly keys: AppendedKeys
  readonly watch: TopicWatch
  readonly lingerMsMax: number
  readonly commitBytesTarget: number
  readonly queueBytesMax: number
  readonly giveUpMs: number
  /** How long closing waits for what is under way. */
  readonly closeMsMax: number
  readonly steadyNowMs: () => number
}

/** One topic's way into Kafka: appends are gathered into commits, a commit's blobs are sealed and written partition by partition. */
export interface KafkaTopic {
  readonly commit: GroupCommit
  createParcel(): LogParcel
  close(): Promise<void>
}

export const createKafkaTopic = (options: KafkaTopicOptions): KafkaTopic => {
  const { topic, name, lanes, sealer, watch, steadyNowMs } = options
  const { partitions, retention } = logTopics[topic]
  // Where secrets lie beside what others may choose (accounts, paging, the registry), lengths must not tell what they have in common.
  const compressed = retention === 'expire'
  const places = Array.from({ length: partitions }, (_, partition): { lane: ProducerLane; seal: BlobSeal } => ({
    lane: lanes.lane(name, partition),
    seal: createBlobSeal(sealer, name, partition),
  }))
  let isEnding = false
  let wake: (() => void) | null = null
  const ended = Promise.withResolvers<void>()

  const writer = createCommitWriter({
    name,
    watch,
    giveUpMs: options.giveUpMs,
    onStuck: (error) => commit.rejectWaiting(error),
    ending: () => isEnding,
    ended: ended.promise,
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  })

  const workOf = (blobs: readonly CommitBlob[]): LaneWork[] => {
    const work = new Map<number, LaneWork & { bytes: number }>()
    for (const { partition, records } of blobs) {
      const { lane, seal } = places[partition]!
      const sealed = seal.close(records.bytes(), compressed)
      let here = work.get(partition)
      if (here === undefined) {
        here = { lane, batches: [], bytes: Infinity }
        work.set(partition, here)
      }
      if (here.bytes + sealed.length > batchBytesMax) {
        here.batches.push([sealed])
        here.bytes = sealed.length
      } else {
        ;(here.batches.at(-1) as Buffer[]).push(sealed)
        here.bytes += sealed.length
      }
    }
    return [...work.values()]
  }

  const commit: GroupCommit = createGroupCommit({
    partitions,
    keys: options.keys,
    blobBytesMax,
    blobRecordsMax,
    lingerMsMax: options.lingerMsMax,
    commitBytesTarget: options.commitBytesTarget,
    queueBytesMax: options.queueBytesMax,
    steadyNowMs,
    write: async (blobs) => writer(workOf(blobs)),
  })

  return {
    commit,
    createParcel: () =>
      createTopicParcel({
        partitions,
        blobBytesMax,
        blobRecordsMax,
        append: (blobs, records, bytes) => commit.appendBlobs(blobs, records, bytes),
      }),
    async close() {
      const end = (): void => {
        isEnding = true
        ended.resolve()
        wake?.()
        commit.rejectWaiting(new LogUnavailable('broker-away', `the log closes while Kafka is away: ${watch.lastMessage}`))
      }
      const timer = setTimeout(end, watch.awayMs() > 0 ? 0 : options.closeMsMax)
      await commit.close()
      clearTimeout(timer)
    },
  }
}
