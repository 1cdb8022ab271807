import { expect, it } from 'vitest'
import type { ConsumeOptions } from '../../contracts/event-log.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { startGroupConsumer } from './group-consumer.ts'
import type { KafkaClient, MembershipOptions } from './kafka-ports.ts'
import { createReadWatch } from './read-watch.ts'

/** A member whose client says what the test says. */
const begin = async (rebalanceMs = 200, consume: Partial<ConsumeOptions> = {}) => {
  const joined: MembershipOptions[] = []
  const closed: number[] = []
  const warned: string[] = []
  const client = {
    openReader: () => ({ reset: async () => {}, prepare: async () => {}, close: async () => {} }),
    join(options: MembershipOptions) {
      const n = joined.push(options) - 1
      return {
        start: async () => {
          options.onContact(0)
          options.onJoined([])
        },
        commit: async () => {},
        close: async () => void closed.push(n),
      }
    },
  }
  const logger = { ...silentLogger, warn: (_: object, said: string) => warned.push(said) }
  const steadyNowMs = (): number => performance.now()
  const watch = createReadWatch(logger, steadyNowMs)
  const consumer = await startGroupConsumer({
    client: client as unknown as KafkaClient,
    consume: { topics: ['commands.v1'], group: 'test', onAssigned: async () => [], onBatch: async () => {}, ...consume },
    group: 'test',
    nameOf: (topic) => topic,
    sealOf: () => undefined as never,
    keys: undefined as never,
    unopened: undefined as never,
    logger,
    sessionMs: 60,
    rebalanceMs,
    commitEveryMs: 1_000,
    joinMsMax: 5_000,
    steadyNowMs,
    troubles: watch.open(),
    onMember: () => {},
    onClosed: () => {},
  })
  return { consumer, joined, closed, warned, watch }
}

it('a membership that stands still without a word is told, and another takes its place', async () => {
  const { consumer, joined, closed, warned, watch } = await begin()
  expect(joined).toHaveLength(1)
  await expect.poll(() => watch.awayMs(), { interval: 5, timeout: 10_000 }).toBeGreaterThan(0)
  expect(joined).toHaveLength(1)
  await expect.poll(() => joined.length, { interval: 5, timeout: 10_000 }).toBe(2)
  await expect.poll(() => closed).toEqual([0])
  expect(warned).toContain('a membership stands still; another takes its place')
  // The second one has been heard of: all is well.
  expect(watch.awayMs()).toBe(0)
  await consumer.close()
})

it('one that is heard of again is no trouble any more', async () => {
  const { consumer, joined, watch } = await begin(60_000)
  await expect.poll(() => watch.awayMs(), { interval: 5, timeout: 10_000 }).toBeGreaterThan(0)
  const beats = setInterval(() => joined[0]!.onContact(0), 5)
  await expect.poll(() => watch.awayMs(), { interval: 5, timeout: 10_000 }).toBe(0)
  expect(joined).toHaveLength(1)
  clearInterval(beats)
  await consumer.close()
})

it('one that is heard of is left alone', async () => {
  const { consumer, joined } = await begin()
  const beats = setInterval(() => joined[0]!.onContact(0), 10)
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(joined).toHaveLength(1)
  clearInterval(beats)
  await consumer.close()
})

it('a rebalance waits for what is written before it leaves', async () => {
  const written = Promise.withResolvers<void>()
  const { consumer, joined } = await begin(60_000, { onLeaving: () => written.promise })
  const closing = consumer.close()
  let joins = false
  const joining = joined[0]!.onJoining().then(() => (joins = true))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(joins).toBe(false)
  written.resolve()
  await joining
  await closing
})

it('while partitions are taken on, however long, nobody takes its place', async () => {
  const taken = Promise.withResolvers<void>()
  let gains = 0
  const { consumer, joined } = await begin(200, {
    async onAssigned() {
      if (gains++ > 0) await taken.promise
      return []
    },
  })
  joined[0]!.onJoined([{ topic: 'commands.v1', partition: 0 }])
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(joined).toHaveLength(1)
  taken.resolve()
  await consumer.close()
})
