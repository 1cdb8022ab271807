import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import { createFetchLoop } from './fetch-loop.ts'
import type { KafkaReader } from './kafka-ports.ts'
import { createReadWatch } from './read-watch.ts'

/** A loop on brokers that nobody leads and that give nothing, but for what a test says. */
const begin = (brokers: Partial<KafkaReader>) => {
  const reader: KafkaReader = {
    prepare: async () => {},
    reset: async () => {},
    leaderOf: () => undefined,
    fetch: async () => [],
    ends: async () => [],
    fetchCommitted: async () => ({ after: 0, records: [] }),
    close: async () => {},
    ...brokers,
  }
  const watch = createReadWatch(silentLogger, () => performance.now())
  const troubles = watch.open()
  const loop = createFetchLoop({ reader, troubles })
  return {
    watch,
    loop,
    async close() {
      await loop.close()
      troubles.close()
    },
  }
}

it('a partition without a leader is read once it has one, though the other leaders have no trouble meanwhile', async () => {
  let lookUps = 0
  let led = false
  const { watch, loop, close } = begin({
    async prepare() {
      lookUps++
      // The brokers take their time to choose.
      led = lookUps >= 3
    },
    leaderOf: (_topic, partition) => (partition === 0 ? '1' : led ? '2' : undefined),
    async fetch(leader, wishes) {
      await sleep(5)
      return wishes.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        after: leader === '2' ? offset + 1 : offset,
        end: offset + 1,
        messages: leader === '2' ? [{ offset, value: Buffer.from('read') }] : [],
      }))
    },
  })
  try {
    loop.feed('t', 0, 0)
    const led2 = loop.feed('t', 1, 0)
    await expect.poll(() => watch.awayMs() > 0).toBe(true)
    await led2.more()
    expect(led2.next()?.sealed.toString()).toBe('read')
    expect(lookUps).toBe(3)
    await expect.poll(() => watch.awayMs()).toBe(0)
  } finally {
    await close()
  }
})

it('when nobody can be asked who leads, that is why nothing is read, and not that nobody leads', async () => {
  let away = true
  const { watch, loop, close } = begin({
    async prepare() {
      if (away) throw new Error('connect ECONNREFUSED 10.0.0.9:9092')
    },
  })
  try {
    loop.feed('t', 0, 0)
    await expect.poll(() => watch.trouble()).toMatch(/ECONNREFUSED 10\.0\.0\.9:9092/)
    away = false
    await expect.poll(() => watch.trouble()).toBe('a partition has no leader')
  } finally {
    await close()
  }
})
