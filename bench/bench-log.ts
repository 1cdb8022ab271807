import { randomBytes } from 'node:crypto'
import { systemClock } from '../contracts/clock.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import { type KafkaLog, openKafkaLog } from '../stream/kafka/open-kafka-log.ts'
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts'
import { openLmdbLog } from '../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../stream/seal.ts'

/** The log that a bench's processes share, as JSON from one to the next. */
export type BenchLog =
  | { readonly kind: 'none' }
  | { readonly kind: 'lmdb'; readonly directory: string; readonly keyHex: string }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[]; readonly topicPrefix: string; readonly keyHex: string }

export const noLog: BenchLog = { kind: 'none' }
export const lmdbBenchLog = (directory: string): BenchLog => ({ kind: 'lmdb', directory, keyHex: randomBytes(32).toString('hex') })

export const benchKafkaSettings = (brokers: readonly string[]): KafkaSettings => ({
  brokers,
  clientId: 'wardwatch-bench',
  tls: null,
  sasl: null,
})

/** Answers at once and keeps nothing: what is left is what the log costs. */
const nowhere: EventLog = {
  append: async () => {},
  consume: () => Promise.reject(new Error('nothing is kept')),
  ranges: async () => [],
  read: () => {
    throw new Error('nothing is kept')
  },
  stats: () => ({}),
  close: async () => {},
}

/** With the settings of production: the linger and the limits are the defaults. */
export const openBenchLog = async (plan: BenchLog): Promise<EventLog | KafkaLog> => {
  if (plan.kind === 'none') return nowhere
  const sealer = createSealer(Buffer.from(plan.keyHex, 'hex'), 'log')
  if (plan.kind === 'lmdb') return openLmdbLog({ directory: plan.directory, sealer, clock: systemClock, logger: silentLogger })
  return openKafkaLog({ settings: benchKafkaSettings(plan.brokers), sealer, topicPrefix: plan.topicPrefix })
}
