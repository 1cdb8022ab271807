import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createSealer } from '../seal.ts'
import { type Environment, openEnvironment } from './environment.ts'
import { openLmdbLog } from './open-lmdb-log.ts'
import { dropExpired, usedBytes } from './retention.ts'

let directory = ''
const sealer = createSealer(Buffer.alloc(32, 1), 'log')
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-retention-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const topic = 'observations.by-device.v1'
const always = (): boolean => true
const retained = (environment: Environment) => ({
  environment,
  partitions: 4,
  committing: <T>(commit: () => Promise<T>): Promise<T> => commit(),
})

it('drops by age, from the front of each partition, and offsets go on where they were even when nothing is left', async () => {
  let nowMs = 0
  const log = await openLmdbLog({ directory, sealer, clock: { now: () => nowMs } })
  for (; nowMs < 10; nowMs++)
    await log.append(
      topic,
      [0, 1, 2, 3].map((partition) => ({ key: 'k', value: Buffer.from(`${nowMs}`), partition })),
    )
  const environment = openEnvironment(join(directory, topic))
  const limits = { retentionMs: 4, retentionBytes: Infinity }
  expect(await dropExpired(retained(environment), limits, 10, always)).toBe(6 * 4)
  expect((await log.ranges([topic])).map(({ earliest, next }) => [earliest, next])).toEqual([6, 6, 6, 6].map((earliest) => [earliest, 10]))
  expect(await dropExpired(retained(environment), limits, 1_000, always)).toBe(4 * 4)
  expect((await log.ranges([topic])).map(({ earliest, next }) => [earliest, next])).toEqual([0, 1, 2, 3].map(() => [10, 10]))
  await log.append(topic, [{ key: 'k', value: Buffer.from('next'), partition: 0 }])
  expect((await log.ranges([topic]))[0]).toMatchObject({ earliest: 10, next: 11 })
  await environment.close()
  await log.close()
})

it('drops by size, the oldest first whatever the partition, and the file stays bounded while the log runs through', async () => {
  let nowMs = 0
  const log = await openLmdbLog({ directory, sealer, clock: { now: () => nowMs } })
  const environment = openEnvironment(join(directory, topic))
  const retentionBytes = 2_000_000
  const file = join(directory, topic, 'data.mdb')
  let sizeAfterFirst = 0
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 20; i++, nowMs++)
      await log.append(
        topic,
        [0, 1, 2, 3].map((partition) => ({ key: 'k', value: Buffer.alloc(10_000 + ((i * 7_919) % 9_000), i), partition })),
      )
    await dropExpired(retained(environment), { retentionMs: Infinity, retentionBytes }, nowMs, always)
    environment.resetReadTxn()
    expect(usedBytes(environment)).toBeLessThanOrEqual(retentionBytes)
    if (round === 1) sizeAfterFirst = statSync(file).size
  }
  // 12 rounds wrote about 14 MB in all: the pages of what was dropped were used again.
  expect(statSync(file).size).toBeLessThan(sizeAfterFirst * 1.5)
  const ranges = await log.ranges([topic])
  for (const { earliest, next } of ranges) expect(next - earliest).toBeGreaterThan(10)
  await environment.close()
  await log.close()
})

it("the owner drops what has expired by itself, while a reader below it is told; a 'keep' topic keeps everything", async () => {
  let nowMs = 0
  const log = await openLmdbLog({ directory, sealer, clock: { now: () => nowMs }, mode: 'owner', retentionMs: 1_000, retentionEveryMs: 5 })
  await log.append('cases.v1', [{ key: 'k', value: Buffer.from('evidence') }])
  await log.append('dead-letters.v1', [{ key: 'k', value: Buffer.from('old') }])
  nowMs = 10_000
  await log.append('dead-letters.v1', [{ key: 'k', value: Buffer.from('new') }])
  while ((await log.ranges(['dead-letters.v1']))[0]!.earliest === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const gaps: unknown[] = []
  const first = Promise.withResolvers<string>()
  await log.consume({
    topics: ['dead-letters.v1'],
    group: 'g',
    onAssigned: async () => [0],
    onGap: (gap) => gaps.push(gap),
    onBatch: async ({ records }) => first.resolve(Buffer.from(records[0]!.value).toString()),
  })
  expect(await first.promise).toBe('new')
  expect(gaps).toEqual([{ topic: 'dead-letters.v1', partition: 0, from: 0, to: 1, why: 'retention' }])
  expect((await log.ranges(['cases.v1']))[0]).toMatchObject({ earliest: 0, next: 1 })
  await log.close()
})
