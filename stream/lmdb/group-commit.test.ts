import { expect, it } from 'vitest'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { createAppendedKeys, encodeKeyBytes } from '../appended-keys.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'

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

const key = encodeKeyBytes(Buffer.from('k'))
const value = (bytes: number): Buffer => Buffer.alloc(bytes)

it('what comes in one turn, and while a commit is in flight, goes to disk together', async () => {
  const disk = createDisk()
  const group = create(disk)
  const first = [group.push(0, key, value(10)), group.push(1, key, value(10)), group.append([{ key: 'k', value: value(1), partition: 1 }])]
  await disk.commitWaits()
  const second = [group.push(0, key, value(10)), group.push(0, key, value(10))]
  expect(second[0]).toBe(second[1])
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

it('memory is bounded: above the limit an append waits its turn and a push is refused', async () => {
  const disk = createDisk()
  const group = create(disk, 3_000)
  const order: string[] = []
  const taken = group.append([{ key: 'k', value: value(4_000) }]).then(() => order.push('taken'))
  const waiting = ['first', 'second'].map((name) => group.append([{ key: 'k', value: value(4_000) }]).then(() => order.push(name)))
  await expect(group.push(0, key, value(1))).rejects.toThrow(/wait for the disk already, at most 3000 may/)
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
