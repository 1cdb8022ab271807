import type { EventLog } from '../../contracts/event-log.ts'
import type { LogTopicName } from '../../contracts/log-topics.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { createSealer } from '../seal.ts'
import { createKafkaClient } from './kafka-client.ts'
import type { KafkaAdmin } from './kafka-ports.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { type KafkaLogOptions, openKafkaLog } from './open-kafka-log.ts'
import { createTopics } from './topic-admin.ts'
import { planTopics } from './topic-plan.ts'

/** For tests: topics of their own on a Kafka that others use, and logs on them. */
export interface KafkaTestTopics {
  readonly prefix: string
  readonly admin: KafkaAdmin
  open(options?: Partial<KafkaLogOptions>): EventLog
  remove(): Promise<void>
}

let made = 0

export const createTestTopics = async (
  settings: KafkaSettings,
  topics: readonly LogTopicName[],
  copies: { readonly replicationFactor: number; readonly minInsyncReplicas: number } = { replicationFactor: 1, minInsyncReplicas: 1 },
): Promise<KafkaTestTopics> => {
  const prefix = `test-${process.pid}-${Date.now().toString(36)}-${made++}.`
  const admin = createKafkaClient(settings, silentLogger).openAdmin()
  const plan = planTopics({ topicPrefix: prefix, retentionHours: 24, retentionGigabytes: 1, ...copies }, [...topics])
  await createTopics(admin, plan)
  return {
    prefix,
    admin,
    open: (options = {}) =>
      openKafkaLog({ settings, sealer: createSealer(Buffer.alloc(32, 1), 'log'), topicPrefix: prefix, lingerMsMax: 5, ...options }),
    async remove() {
      await admin.deleteTopics(plan.map(({ name }) => name))
      await admin.close()
    },
  }
}

export const plaintext = (brokers: readonly string[]): KafkaSettings => ({ brokers, clientId: 'wardwatch-test', tls: null, sasl: null })
