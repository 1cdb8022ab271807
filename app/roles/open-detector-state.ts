import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { logTopics, topicByKey } from '../../contracts/log-topics.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import type { ChangelogFigures } from '../../stream/kafka/changelog-store.ts'
import { startStandby } from '../../stream/kafka/changelog-standby.ts'
import type { KafkaLog } from '../../stream/kafka/open-kafka-log.ts'
import { detectGroup } from '../../stream/kafka/topic-plan.ts'
import { openLmdbStateStore } from '../../stream/lmdb/state-store.ts'
import { createSealer } from '../../stream/seal.ts'
import type { DetectOptions } from './options.ts'

const standbyEveryMs = 2_000

export interface DetectorState {
  readonly store: StateStore
  /** Null on the embedded log. */
  figures(): ChangelogFigures | null
  close(): Promise<void>
}

/**
 * Where the detectors' state is: in the data directory, or, where the log is on Kafka, on changelogs there with a copy in the data
 * directory, so that the state goes where its partition goes. The copy follows all of it: whatever this machine is given, it has.
 */
export const openDetectorState = async (options: DetectOptions, log: EventLog | KafkaLog, logger: Logger): Promise<DetectorState> => {
  const sealer = createSealer(Buffer.from(options.stateKey, 'hex'), 'state')
  const local = await openLmdbStateStore({ directory: join(options.log.data, 'state'), sealer })
  if (!('openStateStore' in log)) return { store: local, figures: () => null, close: () => local.close() }
  const store = log.openStateStore({ group: detectGroup, sealer, local, nowMs: () => systemClock.now() })
  const partitions = Object.values(topicByKey).flatMap((topic) =>
    Array.from({ length: logTopics[topic].partitions }, (_, partition) => `${topic}/${partition}`),
  )
  const standby = startStandby({ follow: (partition) => store.follow(partition), partitions, everyMs: standbyEveryMs, logger })
  return {
    store,
    figures: () => store.stats(),
    async close() {
      await standby.close()
      await store.close()
    },
  }
}
