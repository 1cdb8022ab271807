import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { topicByKey } from '../contracts/log-topics.ts'
import { silentLogger } from '../contracts/logger.ts'
import { createKafkaClient } from '../stream/kafka/kafka-client.ts'
import { createTopics } from '../stream/kafka/topic-admin.ts'
import { planChangelogs, planTopics } from '../stream/kafka/topic-plan.ts'
import { kafkaOffer, lackingOwnKafka } from '../test/kafka/kafka-offer.ts'
import { startKafka } from '../test/kafka/start-kafka.ts'
import { type BenchLog, benchKafkaSettings } from './bench-log.ts'
import { loadCore } from './edge-run.ts'
import { cpuSeconds } from './pinned-child.ts'

/** A Kafka for the bench: `KAFKA_BROKERS`, else one node of its own on core 1, so that core 0 has the edge alone. */
export interface BenchKafka {
  readonly brokers: readonly string[]
  readonly isOwn: boolean
  /** CPU of the brokers' processes so far; null where they are not the bench's. */
  cpuSeconds(): number | null
  /** Topics of their own for one section. */
  log(section: string, groups?: readonly string[]): Promise<BenchLog & { readonly kind: 'kafka' }>
  /** Put before the topics of this run. */
  readonly prefix: string
  stop(): Promise<void>
}

const pinTo = (cores: string): void => {
  const { status, stderr } = spawnSync('taskset', ['-apc', cores, String(process.pid)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`taskset: ${stderr}`)
}

const ownCores = (): string => /: (.*)$/m.exec(spawnSync('taskset', ['-pc', String(process.pid)], { encoding: 'utf8' }).stdout)![1]!

export const startBenchKafka = async (): Promise<BenchKafka> => {
  const offer = kafkaOffer()
  // As a process, whatever else there is: it is to be pinned, and its CPU to be read.
  const lack = offer.kind === 'given' ? null : lackingOwnKafka()
  if (lack !== null) throw new Error(`the bench on Kafka needs KAFKA_BROKERS, or Java and Maven: ${lack}`)
  // Kafka's process inherits the cores; afterwards the bench has all of its own again.
  const cores = ownCores()
  if (offer.kind !== 'given') pinTo(loadCore)
  const own = offer.kind === 'given' ? null : await startKafka({ place: 'processes' })
  if (own !== null) pinTo(cores)
  const brokers = offer.kind === 'given' ? offer.brokers : own!.brokers
  const prefix = `bench-${process.pid}-${Date.now().toString(36)}-`
  const admin = createKafkaClient(benchKafkaSettings(brokers), silentLogger).openAdmin()
  const made: string[] = []
  return {
    brokers,
    isOwn: own !== null,
    cpuSeconds: () => (own === null ? null : own.nodes.reduce((sum, node) => sum + cpuSeconds(node.pid()!), 0)),
    prefix,
    async log(section, groups = []) {
      const topicPrefix = `${prefix}${section}.`
      const plan = { topicPrefix, retentionHours: 24, retentionGigabytes: 40, replicationFactor: 1, minInsyncReplicas: 1 }
      const topics = [...planTopics(plan), ...groups.flatMap((group) => planChangelogs(plan, group, Object.values(topicByKey)))]
      await createTopics(admin, topics)
      made.push(...topics.map(({ name }) => name))
      return { kind: 'kafka', brokers, topicPrefix, keyHex: randomBytes(32).toString('hex') }
    },
    async stop() {
      if (own === null && made.length > 0) await admin.deleteTopics(made)
      await admin.close().catch(() => {})
      await own?.stop()
    },
  }
}
