import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogUnavailable } from '../../contracts/event-log.ts'
import { SealBroken } from '../../contracts/secrets.ts'
import type { StateStore } from '../../contracts/state-store.ts'
import { createSealer } from '../seal.ts'
import { openLmdbStateStore } from './state-store.ts'

let directory = ''
const sealer = createSealer(Buffer.alloc(32, 1), 'state')
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwatch-state-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const load = async (store: StateStore, partition: string): Promise<Record<string, string>> => {
  const found: Record<string, string> = {}
  for await (const { key, value } of store.load(partition)) found[key] = Buffer.from(value).toString()
  return found
}
const entry = (key: string, value: string | null) => ({ key, value: value === null ? null : Buffer.from(value) })

it('gives back what was written, a partition at a time, also after it is opened again', async () => {
  let store = await openLmdbStateStore({ directory, sealer })
  await store.write('topic/1', [entry('a', '1'), entry('b', '2'), entry('', 'empty key')])
  await store.write('topic/10', [entry('a', 'other')])
  await store.write('topic/1', [entry('a', null), entry('b', '3'), entry('never there', null)])
  const expected = { '': 'empty key', b: '3' }
  expect(await load(store, 'topic/1')).toEqual(expected)
  await store.close()
  store = await openLmdbStateStore({ directory, sealer })
  expect(await load(store, 'topic/1')).toEqual(expected)
  expect(await load(store, 'topic/10')).toEqual({ a: 'other' })
  expect(await load(store, 'topic/2')).toEqual({})
  await store.close()
})

it('loads thousands of entries, each once and whole', async () => {
  const store = await openLmdbStateStore({ directory, sealer })
  const entries = Array.from({ length: 3_000 }, (_, i) => entry(`device-${String(i).padStart(5, '0')}`, `state ${i}`))
  await store.write('p', entries)
  expect(Object.entries(await load(store, 'p')).toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual(
    entries.map(({ key, value }) => [key, value!.toString()]),
  )
  await store.close()
  // Neither a device's name nor its state can be read on the disk.
  const onDisk = readdirSync(directory)
    .map((file) => readFileSync(join(directory, file)).toString('latin1'))
    .join('')
  expect(onDisk).not.toMatch(/device-0|state \d/)
  await store.close()
})

it('writes all of a checkpoint or, when something of it is refused, nothing', async () => {
  const store = await openLmdbStateStore({ directory, sealer })
  await expect(store.write('p', [entry('a', '1'), entry('k'.repeat(2_000), '2')])).rejects.toThrow(/at most 1900 bytes/)
  expect(await load(store, 'p')).toEqual({})
  await store.close()
  await expect(store.write('p', [entry('a', '1')])).rejects.toThrow(LogUnavailable)
})

it('refuses another key when it is opened', async () => {
  const store = await openLmdbStateStore({ directory, sealer })
  await store.write('p', [entry('a', '1')])
  await store.close()
  await expect(openLmdbStateStore({ directory, sealer: createSealer(Buffer.alloc(32, 2), 'state') })).rejects.toThrow(SealBroken)
})
