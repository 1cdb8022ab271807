import { expect, it } from 'vitest'
import { LogUnavailable } from '../contracts/event-log.ts'
import { createAppendedKeys } from './appended-keys.ts'
import type { LogParcel } from '../contracts/log-parcel.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createTopicParcel } from './topic-parcel.ts'

/** A disk that writes when it is told to, and remembers how many records each commit had, by partition. */
const createDisk = () => {
  const commits: number[][] = []
  const waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  let asked: (() => void)[] = []
  return {
    commits,
    write(blobs: readonly { readonly partition: number; readonly records: { count(): number } }[]): Promise<void> {
      const counts = [0, 0]
      for (const { partition, records } of blobs) counts[partition]! += records.count()
      commits.push(counts)
      const written = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
      for (const resolve of asked.splice(0)) resolve()
      return written
    },
    /** Resolves when a commit waits for the disk. */
    async commitWaits(): Promise<void> {
      while (waiting.length === 0) await new Promise<void>((resolve) => asked.push(resolve))
    },
    async finish(error?: Error): Promise<void> {
      await this.commitWaits()
      const { resolve, reject } = waiting.shift()!
      if (error === undefined) resolve()
      else reject(error)
    },
  }
}

const create = (disk: ReturnType<typeof createDisk>, queueBytesMax = 1_000_000): GroupCommit =>
  createGroupCommit({
    partitions: 2,
    keys: createAppendedKeys(),
    write: (blobs) => disk.write(blobs),
    lingerMsMax: 5,
    commitBytesTarget: 10_000,
    blobBytesMax: 4_000,
    queueBytesMax,
    steadyNowMs: () => performance.now(),
  })

const place = (group: GroupCommit, partition: number, bytes: number): Promise<void> =>
  group.append([{ key: 'k', value: value(bytes), partition }])
const parcelOf = (group: GroupCommit): LogParcel =>
  createTopicParcel({ partitions: 2, blobBytesMax: 4_000, append: (blobs, records, bytes) => group.appendBlobs(blobs, records, bytes) })
const value = (bytes: number): Buffer => Buffer.alloc(bytes)

it('what comes in one turn, and while a commit is in flight, goes to disk together', async () => {
  const disk = createDisk()
  const group = create(disk)
  const first = [place(group, 0, 10), place(group, 1, 10), place(group, 1, 1)]
  await disk.commitWaits()
  const second = [place(group, 0, 10), place(group, 0, 10)]
  expect(disk.commits).toEqual([[1, 2]])
  await disk.finish()
  await Promise.all(first)
  await disk.finish()
  await Promise.all(second)
  expect(disk.commits).toEqual([
    [1, 2],
    [2, 0],
  ])
  await group.close()
})

it('a failed commit rejects its own records only, and the next one is tried', async () => {
  const disk = createDisk()
  const group = create(disk)
  const lost = group.append([{ key: 'k', value: value(1) }])
  const told = lost.then(
    () => 'acknowledged',
    (error: unknown) => String(error),
  )
  await disk.commitWaits()
  const kept = group.append([{ key: 'k', value: value(1) }])
  await disk.finish(new LogUnavailable('disk-full', 'the disk is full'))
  expect(await told).toMatch(/the disk is full/)
  await disk.finish()
  await kept
  expect(group.stats()).toMatchObject({ commits: 1, failures: 1, records: 1, queueBytes: 0, queueRecords: 0 })
  await group.close()
})

it('memory is bounded: above the limit an append waits its turn', async () => {
  const disk = createDisk()
  const group = create(disk, 3_000)
  const order: string[] = []
  const taken = group.append([{ key: 'k', value: value(4_000) }]).then(() => order.push('taken'))
  const waiting = ['first', 'second'].map((name) => group.append([{ key: 'k', value: value(4_000) }]).then(() => order.push(name)))
  await disk.commitWaits()
  expect(group.stats().queueRecords).toBe(1)
  for (let i = 0; i < 3; i++) await disk.finish()
  await Promise.all([taken, ...waiting])
  expect(order).toEqual(['taken', 'first', 'second'])
  await group.close()
})

it('an append is never divided between two commits, and close settles all that waits', async () => {
  const disk = createDisk()
  const group = create(disk)
  const big = group.append(Array.from({ length: 40 }, () => ({ key: 'k', value: value(1_000), partition: 0 })))
  const after = group.append([{ key: 'k', value: value(1), partition: 1 }])
  const closed = group.close()
  await disk.finish()
  await disk.finish()
  await Promise.all([big, after, closed])
  expect(disk.commits).toEqual([
    [40, 0],
    [0, 1],
  ])
  await expect(group.append([{ key: 'k', value: value(1) }])).rejects.toMatchObject({ reason: 'closed' })
})

it('a parcel goes with a commit as it stands, and again after a failure, between what came before and after it', async () => {
  const disk = createDisk()
  const group = create(disk)
  const parcel = parcelOf(group)
  const nothing = Buffer.alloc(0)
  // More than two blobs' worth.
  for (let i = 0; i < 8; i++) parcel.add(0, Buffer.from('k'), value(1_000), nothing, 0, 0)
  const before = place(group, 0, 1)
  const told = parcel.append().then(
    () => 'acknowledged',
    (error: unknown) => String(error),
  )
  const after = place(group, 0, 1)
  const lost = Promise.allSettled([before, after])
  await disk.finish(new LogUnavailable('disk-full', 'the disk is full'))
  expect(await told).toMatch(/the disk is full/)
  await lost
  expect(group.stats()).toMatchObject({ queueBytes: 0, queueRecords: 0 })
  const again = parcel.append()
  await disk.finish()
  await again
  expect(disk.commits).toEqual([
    [10, 0],
    [8, 0],
  ])
  expect(group.stats()).toMatchObject({ records: 8, queueBytes: 0, queueRecords: 0 })
  parcel.clear()
  parcel.add(1, Buffer.from('k'), value(1), nothing, 0, 0)
  const next = parcel.append()
  await disk.finish()
  await next
  expect(disk.commits[2]).toEqual([0, 1])
  await group.close()
})
