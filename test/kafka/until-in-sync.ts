import kafkajs from 'kafkajs'
import { until } from '../platform/until.ts'
import type { TestKafka } from './start-kafka.ts'

/** Every copy of every partition is in sync: another broker may go. */
export const untilInSync = async ({ brokers }: TestKafka, patienceMs: number): Promise<void> => {
  const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await until(
      'every copy is in sync',
      async () => {
        const { topics } = await admin.fetchTopicMetadata()
        return topics.every(({ partitions }) => partitions.every(({ isr, replicas }) => isr.length === replicas.length))
      },
      patienceMs,
    )
  } finally {
    await admin.disconnect()
  }
}
