import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { LogParcel } from '../../contracts/log-parcel.ts'
import type { Sealer } from '../../contracts/secrets.ts'
import type { AppendedKeys } from '../appended-keys.ts'
import { asUnavailable, openEnvironment } from './environment.ts'
import { createGroupCommit, type GroupCommit } from '../group-commit.ts'
import { createOpeningGate, type OpeningGate } from './opening-gate.ts'
import type { Retained } from './retention.ts'
import { createTopicParcel } from '../topic-parcel.ts'
import { createTopicStore, type TopicStore } from './topic-store.ts'

export interface LmdbTopicOptions {
  readonly topic: LogTopicName
  readonly directory: string
  readonly sealer: Sealer
  readonly nowMs: () => number
  readonly keys: AppendedKeys
  readonly lingerMsMax: number
  readonly commitBytesTarget: number
  readonly blobBytesMax: number
  readonly queueBytesMax: number
  /** This process has appended something. */
  readonly appended: () => void
}

export interface OpenedTopic extends Retained {
  readonly store: TopicStore
}

/** One topic of the log: its environment, opened when it is first needed, and the commits to it. */
export interface LmdbTopic {
  readonly commit: GroupCommit
  createParcel(): LogParcel
  /** Rejects with `LogUnavailable`, and may be tried again. */
  open(): Promise<OpenedTopic>
  /** The same, for who knows that it is open. */
  opened(): OpenedTopic
  conflicts(): { readonly lost: number; readonly locked: number }
  /** Settles the commits, then closes. */
  close(): Promise<void>
}

export const createLmdbTopic = (options: LmdbTopicOptions): LmdbTopic => {
  const { topic, directory, sealer, nowMs } = options
  const { partitions } = logTopics[topic]
  const steadyNowMs = (): number => performance.now()
  let here: OpenedTopic | null = null
  let opening: Promise<OpenedTopic> | null = null
  let gate: OpeningGate | null = null

  const openNow = async (): Promise<OpenedTopic> => {
    try {
      const created = (gate ??= createOpeningGate(directory, steadyNowMs))
      const committing: OpeningGate['committing'] = (commit) => created.committing(commit)
      here = await created.opening(() => {
        const environment = openEnvironment(directory)
        const store = createTopicStore({ topic, partitions, directory, environment, committing, sealer, nowMs })
        return { environment, partitions, committing, store }
      })
      return here
    } catch (error) {
      opening = null
      // What has no code is not the disk's doing (another number of partitions).
      throw error instanceof Error && 'code' in error ? asUnavailable(error, { what: topic, directory, bytes: 0 }) : error
    }
  }
  const open = (): Promise<OpenedTopic> => (opening ??= openNow())

  const commit = createGroupCommit({
    ...options,
    partitions,
    steadyNowMs,
    async write(blobs) {
      const { store } = here ?? (await open())
      await store.write(blobs)
      options.appended()
    },
  })

  return {
    commit,
    createParcel: () =>
      createTopicParcel({
        partitions,
        blobBytesMax: options.blobBytesMax,
        append: (blobs, records, bytes) => commit.appendBlobs(blobs, records, bytes),
      }),
    open,
    opened() {
      if (here === null) throw new Error(`${topic} is not open`)
      return here
    },
    conflicts: () => here?.store.conflicts() ?? { lost: 0, locked: 0 },
    async close() {
      await commit.close()
      if (opening === null) return
      const { environment } = await opening
      await gate!.closing(() => environment.close())
    },
  }
}
