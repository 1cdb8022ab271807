import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EventLog, LogUnavailable } from '../../contracts/event-log.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import { createSealer } from '../seal.ts'
import { blobKey } from './blob-key.ts'
import { openEnvironment } from './environment.ts'
import { openLmdbLog } from './open-lmdb-log.ts'
import { openLmdbStateStore } from './state-store.ts'

let directory = ''
const sealer = createSealer(Buffer.alloc(32, 1), 'log')
const clock = { now: () => 1_000 }
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-outage-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const topic = 'cases.v1'
const readAll = async (log: EventLog): Promise<string[]> => {
  const [range] = await log.ranges([topic])
  const values: string[] = []
  for await (const batch of log.read(topic, 0, range!.earliest, range!.next))
    for (const { value } of batch.records) values.push(Buffer.from(value.subarray(0, 12)).toString())
  return values
}

it('a directory written with another key is refused in a sentence, and is not harmed by it', async () => {
  const log = await openLmdbLog({ directory, sealer, clock })
  await log.append(topic, [{ key: 'k', value: Buffer.from('secret') }])
  await log.close()
  const other = openLmdbLog({ directory, sealer: createSealer(Buffer.alloc(32, 2), 'log'), clock })
  await expect(other).rejects.toThrow(SealBroken)
  await expect(other).rejects.toThrow(/was written with another key: give the key/)
  const again = await openLmdbLog({ directory, sealer, clock })
  expect(await readAll(again)).toEqual(['secret'])
  await again.close()
})

it('a rotated key opens what the old one sealed', async () => {
  const log = await openLmdbLog({ directory, sealer, clock })
  await log.append(topic, [{ key: 'k', value: Buffer.from('old') }])
  await log.close()
  const rotated = await openLmdbLog({ directory, sealer: createSealer([Buffer.alloc(32, 2), Buffer.alloc(32, 1)], 'log'), clock })
  await rotated.append(topic, [{ key: 'k', value: Buffer.from('new') }])
  expect(await readAll(rotated)).toEqual(['old', 'new'])
  await rotated.close()
})

it('nothing of a record stands on disk in the clear', async () => {
  const log = await openLmdbLog({ directory, sealer, clock })
  await log.append(topic, [{ key: 'a-key-to-look-for', value: Buffer.from('a value to look for') }])
  await log.close()
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(2)
  for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes('to look for')).toBe(false)
  for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes('a-key-to')).toBe(false)
})

it.each([
  ['a flipped bit in a blob', (blob: Buffer) => ((blob[blob.length >> 1]! ^= 1), blob)],
  ['a shortened blob', (blob: Buffer) => blob.subarray(0, blob.length - 1)],
])('%s is found, and the error names topic, partition and offset', async (_, change) => {
  let log = await openLmdbLog({ directory, sealer, clock })
  for (const value of ['one', 'two', 'three']) await log.append(topic, [{ key: 'k', value: Buffer.from(value) }])
  await log.close()
  const environment = openEnvironment(join(directory, topic))
  await environment.put(blobKey(0, 1), change(Buffer.from(environment.getBinary(blobKey(0, 1))!)), 0)
  await environment.close()
  log = await openLmdbLog({ directory, sealer, clock })
  await expect(readAll(log)).rejects.toThrow(/cases\.v1\/0\/1 was changed on disk/)
  const consumer = await log.consume({ topics: [topic], group: 'g', onAssigned: async () => ['earliest'], onBatch: async () => {} })
  await expect(consumer.failed).rejects.toThrow(SealBroken)
  await log.close()
})

it('a blob put in the place of another is found', async () => {
  let log = await openLmdbLog({ directory, sealer, clock })
  for (const value of ['one', 'two']) await log.append(topic, [{ key: 'k', value: Buffer.from(value) }])
  await log.close()
  const environment = openEnvironment(join(directory, topic))
  await environment.put(blobKey(0, 1), Buffer.from(environment.getBinary(blobKey(0, 0))!), 0)
  await environment.close()
  log = await openLmdbLog({ directory, sealer, clock })
  await expect(readAll(log)).rejects.toThrow(/cases\.v1\/0\/1 was changed on disk, or belongs elsewhere/)
  await log.close()
})

/** A real filesystem of a few megabytes; null when this process may not mount one. */
const mountSmall = (bytes: number): string | null => {
  const at = mkdtempSync(join(tmpdir(), 'wardwatch-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    rmSync(at, { recursive: true, force: true })
    return null
  }
}

/** Takes every byte that is left. */
const fillUp = (path: string): void => {
  for (let bytes = 1_048_576; bytes > 0; bytes >>= 1)
    for (;;)
      try {
        appendFileSync(path, Buffer.alloc(bytes))
      } catch {
        break
      }
}

it('state on a full disk is not opened, with a sentence that names it, and is once there is room', async (context) => {
  const small = mountSmall(2 * 1024 * 1024)
  if (small === null) return context.skip('mounting a small filesystem needs root')
  try {
    const directory = join(small, 'state')
    const first = await openLmdbStateStore({ directory, sealer })
    await first.write('p', [{ key: 'k', value: Buffer.from('kept') }])
    await first.close()
    const ballast = join(small, 'ballast')
    fillUp(ballast)
    await expect(openLmdbStateStore({ directory, sealer })).rejects.toMatchObject({
      name: 'LogUnavailable',
      reason: 'disk-full',
      message: expect.stringMatching(new RegExp(`^state in ${directory}: the disk is full, `)),
    })
    rmSync(ballast)
    const again = await openLmdbStateStore({ directory, sealer })
    const kept: string[] = []
    for await (const { value } of again.load('p')) kept.push(Buffer.from(value).toString())
    expect(kept).toEqual(['kept'])
    await again.close()
  } finally {
    execFileSync('umount', [small])
    rmSync(small, { recursive: true, force: true })
  }
})

it('a full disk is told plainly, leaves nothing half-written, and is survived', async (context) => {
  const small = mountSmall(8 * 1024 * 1024)
  if (small === null) return context.skip('mounting a small filesystem needs root')
  const opened: EventLog[] = []
  try {
    const ballast = join(small, 'ballast')
    writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))
    const log = await openLmdbLog({ directory: join(small, 'log'), sealer, clock })
    opened.push(log)
    const acknowledged: string[] = []
    let refusal: unknown
    for (let i = 0; refusal === undefined; i++) {
      const name = String(i).padStart(12, '0')
      try {
        await log.append(topic, [
          { key: 'k', value: Buffer.concat([Buffer.from(name), Buffer.alloc(100_000)]) },
          { key: 'k', value: Buffer.concat([Buffer.from(`${name.slice(1)}b`), Buffer.alloc(100_000)]) },
        ])
        acknowledged.push(name, `${name.slice(1)}b`)
      } catch (error) {
        refusal = error
      }
    }
    expect(refusal).toBeInstanceOf(LogUnavailable)
    expect(refusal).toMatchObject({
      reason: 'disk-full',
      message: expect.stringMatching(/^cases\.v1: the disk is full, nothing of this was written/),
    })
    expect(acknowledged.length).toBeGreaterThan(4)
    expect(await readAll(log)).toEqual(acknowledged)
    // Still full: refused again, and still nothing of it.
    await expect(log.append(topic, [{ key: 'k', value: Buffer.alloc(500_000) }])).rejects.toMatchObject({ reason: 'disk-full' })
    rmSync(ballast)
    await log.append(topic, [{ key: 'k', value: Buffer.from('space again') }])
    expect(await readAll(log)).toEqual([...acknowledged, 'space again'])
    await log.close()
    const again = await openLmdbLog({ directory: join(small, 'log'), sealer, clock })
    opened.push(again)
    expect(await readAll(again)).toEqual([...acknowledged, 'space again'])
  } finally {
    for (const log of opened) await log.close()
    execFileSync('umount', [small])
    rmSync(small, { recursive: true, force: true })
  }
})
