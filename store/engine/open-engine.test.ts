import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { timeText } from '../landing/stored-values.ts'
import { readRows } from '../read-rows.ts'
import { noon } from '../testing/story-log.ts'
import { openedStore, temporaryDirectory, testKey, tryStore } from '../testing/temporary-store.ts'

let home: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  home = temporaryDirectory()
})
afterEach(() => home.remove())

const marker = 'MARKER-of-a-patients-device'

const filesWith = (needle: string, directory = home.path): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(needle))

const insertMarked = async (directory: string, key: Buffer | null): Promise<void> => {
  const store = await openedStore(directory, key)
  await store.landing.insert({
    table: 'readings',
    format: 'JSONEachRow',
    values: Array.from({ length: 2_000 }, (_, i) => ({
      device: marker,
      site: marker,
      session: marker,
      log_offset: i,
      landed_at: timeText(noon),
    })),
  })
  // A merge writes the rows anew; a large sort would spill.
  await store.landing.command({ query: 'OPTIMIZE TABLE readings FINAL' })
  await readRows(store.query, 'SELECT device, sum(log_offset) FROM readings GROUP BY device ORDER BY device')
  await store.close()
}

it('leaves no plaintext and no key anywhere in its directory', async () => {
  await insertMarked(home.path, testKey)
  expect(filesWith(marker)).toEqual([])
  expect(filesWith(testKey.toString('hex'))).toEqual([])
  expect(filesWith(testKey.toString('latin1'))).toEqual([])
  expect(filesWith('CREATE').length + filesWith('ATTACH').length).toBeGreaterThan(0)
})

it('without a key the same search finds the plaintext: the search can fail', async () => {
  await insertMarked(home.path, null)
  expect(filesWith(marker)).not.toEqual([])
})

it('keeps the key out of the environment and the arguments', async () => {
  const store = await openedStore(home.path)
  const hex = testKey.toString('hex')
  expect(JSON.stringify(process.env)).not.toContain(hex)
  expect(readFileSync('/proc/self/cmdline', 'latin1') + readFileSync('/proc/self/environ', 'latin1')).not.toContain(hex)
  const settings = await readRows(store.query, 'SELECT name, value FROM system.server_settings')
  expect(JSON.stringify(settings)).not.toContain(hex)
  await store.close()
})

it('refuses a wrong key, a missing key and a needless key, and the right one finds everything untouched', async () => {
  await insertMarked(home.path, testKey)
  const before = readdirSync(join(home.path, 'tables'), { recursive: true }).length
  const refusals = [await tryStore(home.path, Buffer.alloc(32, 6)), await tryStore(home.path, null)]
  expect(refusals.map((refused) => !refused.ok && refused.reason)).toEqual(['wrong-key', 'key-missing'])
  expect(readdirSync(join(home.path, 'tables'), { recursive: true }).length).toBe(before)
  const store = await openedStore(home.path)
  expect(await readRows(store.query, 'SELECT toUInt32(count()) FROM readings')).toEqual([[2_000]])
  await store.close()
  const open = temporaryDirectory()
  await (await openedStore(open.path, null)).close()
  const refused = await tryStore(open.path, testKey)
  expect(!refused.ok && refused.reason).toBe('not-encrypted')
  open.remove()
})

const otherProcess = (code: string): { status: number | null; stdout: string } =>
  spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 30_000,
    cwd: join(import.meta.dirname, '..', '..'),
  })

const opening = (directory: string): string => `
  const { tryStore } = await import(${JSON.stringify(join(import.meta.dirname, '../testing/temporary-store.ts'))})
  const opened = await tryStore(${JSON.stringify(directory)})
  console.log('answer', opened.ok ? 'open' : opened.reason)
`

it('a second process is told that the store is in use, and gets it when the first has closed', async () => {
  const store = await openedStore(home.path)
  expect(otherProcess(opening(home.path)).stdout).toContain('answer in-use')
  await store.close()
  expect(otherProcess(`${opening(home.path)}; await opened.store.close()`).stdout).toContain('answer open')
})

it('a process that was killed with kill -9 leaves a store that opens again', async () => {
  const killed = otherProcess(`${opening(home.path)}; process.kill(process.pid, 'SIGKILL')`)
  expect(killed.stdout).toContain('answer open')
  await (await openedStore(home.path)).close()
})

it('a process whose store was closed ends by itself', () => {
  const ended = otherProcess(`${opening(home.path)}; await opened.store.close()`)
  expect(ended).toMatchObject({ status: 0 })
})

it('a directory that holds something else is an answer, not a crash', async () => {
  writeFileSync(join(home.path, 'engine'), 'a file where a directory belongs')
  const refused = await tryStore(home.path)
  expect(refused).toMatchObject({ ok: false, reason: 'engine-failed' })
})
