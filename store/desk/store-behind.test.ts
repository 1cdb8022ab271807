import { expect, it } from 'vitest'
import type { PartitionRange } from '../../contracts/event-log.ts'
import type { AnalystConnection } from '../connection.ts'
import { createStoreBehind } from './store-behind.ts'

const topic = 'observations.by-device.v1'
const source = 'observations.by-source.v1'

it('is behind by the time since the position of the partition that waits the longest', async () => {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs }
  let ranges: PartitionRange[] = []
  let positions: string | Error = ''
  const analyst: AnalystConnection = {
    text: () => (positions instanceof Error ? Promise.reject(positions) : Promise.resolve(positions)),
    // oxlint-disable-next-line require-yield -- nothing is streamed here
    async *stream() {
      throw new Error('not asked')
    },
    close: () => {},
  }
  const behind = createStoreBehind({
    store: { openAnalyst: () => analyst },
    log: { ranges: () => Promise.resolve(ranges) },
    clock,
    lookMs: 3_600_000,
  })
  const seen = async (): Promise<number | null> => {
    await behind.look()
    return behind.behindMs()
  }
  expect(await seen()).toBeNull()

  ranges = [
    { topic, partition: 0, earliest: 0, next: 50 },
    { topic: source, partition: 0, earliest: 0, next: 9 },
  ]
  positions = JSON.stringify([topic, 0, 50, 900_000]) + '\n' + JSON.stringify([source, 0, 8, 960_000])
  // The source's one record may be a clock's.
  expect(await seen()).toBeNull()
  clock.nowMs += 30_000
  expect(await seen()).toBe(70_000)
  positions = JSON.stringify([topic, 0, 50, 900_000]) + '\n' + JSON.stringify([source, 0, 9, 1_029_000])
  expect(await seen()).toBeNull()

  // The store is away: what waited is told at once, and what came since as well.
  ranges = [{ topic, partition: 0, earliest: 0, next: 51 }]
  positions = JSON.stringify([topic, 0, 50, 1_029_000])
  expect(await seen()).toBeNull()
  positions = new Error('ECONNREFUSED')
  expect(await seen()).toBeNull()
  clock.nowMs += 6_000
  expect(await seen()).toBe(7_000)
  clock.nowMs += 600_000
  expect(await seen()).toBe(607_000)
  await behind.close()
})
