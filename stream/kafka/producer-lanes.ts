import type { Clock } from '../../contracts/clock.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { KafkaClient, KafkaProducer, SendOutcome } from './kafka-ports.ts'

/**
 * A partition's way to the brokers. Each stays with one producer, so that its sequence is one; a few producers are shared by all lanes,
 * so that partitions don't wait for each other's answers (a producer has one request under way).
 */
export interface ProducerLane {
  send(values: readonly Buffer[]): Promise<SendOutcome>
}

export interface ProducerLanes {
  lane(topic: string, partition: number): ProducerLane
  close(): Promise<void>
}

/** kafkajs wraps a sequence one too early (at 2^31 - 1), which the broker refuses: a lane takes a new producer long before. */
const sequenceMax = 1_000_000_000

export const createProducerLanes = (options: {
  readonly client: Pick<KafkaClient, 'openProducer'>
  readonly sharedProducers: number
  readonly clock: Clock
  readonly clockWatch: Pick<ClockWatch, 'heard'>
}): ProducerLanes => {
  const { client, sharedProducers, clock, clockWatch } = options
  const shared: KafkaProducer[] = []
  const opened: KafkaProducer[] = []
  let lanes = 0
  const open = (): KafkaProducer => {
    const producer = client.openProducer()
    opened.push(producer)
    return producer
  }
  return {
    lane(topic, partition) {
      const place = lanes++ % sharedProducers
      let producer = (shared[place] ??= open())
      let sequence = 0
      let failed = false
      return {
        async send(values) {
          if (sequence > sequenceMax) {
            producer = open()
            sequence = 0
          }
          const sentAtMs = clock.now()
          const outcome = await producer.send(topic, partition, values)
          // Of what an earlier attempt had written already the broker tells the earlier time.
          if (outcome.ok && !failed && outcome.appendedAtMs !== undefined)
            clockWatch.heard(`${topic}/${partition}`, sentAtMs, clock.now(), outcome.appendedAtMs)
          failed = !outcome.ok
          if (outcome.ok) sequence += values.length
          else if (outcome.failure.kind === 'rejected') {
            // This lane begins anew under another producer; others keep theirs, whose batches may be under way.
            producer = open()
            sequence = 0
          }
          return outcome
        },
      }
    },
    async close() {
      await Promise.all(opened.map((producer) => producer.close().catch(() => {})))
    },
  }
}
