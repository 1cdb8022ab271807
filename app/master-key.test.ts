import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { deriveKey, keyFileIsOpen, loadMasterKey, readLogKeys } from './master-key.ts'

const root = mkdtempSync(join(tmpdir(), 'wardwatch-key-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const load = (over: Partial<Parameters<typeof loadMasterKey>[0]>) =>
  loadMasterKey({ data: root, keyFile: undefined, fromEnvironment: undefined, ...over })
const problem = (loaded: ReturnType<typeof loadMasterKey>): string => (loaded.ok ? 'accepted' : loaded.problem)

it('a new data directory gets a key that only its owner can read, and keeps it', () => {
  const first = load({})
  expect(statSync(join(root, 'master.key')).mode & 0o777).toBe(0o600)
  expect(load({})).toEqual(first)
})

it('a key file that others can read, or that holds no key, is refused', () => {
  writeFileSync(join(root, 'open.key'), 'ab'.repeat(32), { mode: 0o644 })
  expect(problem(load({ keyFile: join(root, 'open.key') }))).toMatch(/can be read by others/)
  writeFileSync(join(root, 'bad.key'), 'secret', { mode: 0o600 })
  expect(problem(load({ keyFile: join(root, 'bad.key') }))).toMatch(/64 hexadecimal digits/)
  expect(problem(load({ fromEnvironment: 'abc' }))).toMatch(/^WARDWATCH_KEY: /)
})

it.each([
  ['0600 of our own', 0o600, 10_001, 10_001, false],
  ['0640 of our own', 0o640, 10_001, 10_001, true],
  ["0440 of root, with our group: a secret of Kubernetes'", 0o440, 0, 10_001, false],
  ['0640 of root', 0o640, 0, 10_001, false],
  ['0660 of root', 0o660, 0, 10_001, true],
  ['0444 of root', 0o444, 0, 10_001, true],
  ['0440 of root, read by root', 0o440, 0, 0, true],
  ["0440 of somebody else's", 0o440, 1_000, 10_001, true],
])('a key file with mode %s', (_, mode, uid, ownUid, open) => expect(keyFileIsOpen({ mode: 0o100000 | mode, uid }, ownUid)).toBe(open))

it('a key that is missing beside sealed data is not made anew, wherever it should be', () => {
  const data = join(root, 'old')
  mkdirSync(join(data, 'log'), { recursive: true })
  expect(problem(load({ data }))).toMatch(/is missing, and .* holds sealed data/)
  const elsewhere = join(root, 'elsewhere.key')
  expect(problem(load({ data, keyFile: elsewhere }))).toMatch(/is missing/)
  expect(existsSync(elsewhere)).toBe(false)
})

it("the log's key may be several lines while it is changed: the first one seals", () => {
  const [a, b] = ['ab'.repeat(32), 'CD'.repeat(32)]
  const read = (text: string) => {
    const file = join(root, 'log.key')
    writeFileSync(file, text, { mode: 0o600 })
    const keys = readLogKeys(file)
    return keys.ok ? keys.keys.map((key) => key.toString('hex')) : keys.problem
  }
  expect(read(`${a}\n`)).toEqual([a])
  expect(read(`${b}\n${a}\n`)).toEqual([b.toLowerCase(), a])
  expect(read(` ${b} \r\n${a}`)).toEqual([b.toLowerCase(), a])
  for (const wrong of [
    '',
    `${a}\nsecret`,
    `${a}\n${a.toUpperCase()}`,
    `${a}${b}`,
    `${a}\n\nx`,
    [1, 2, 3, 4, 5].map((n) => `0${n}`.repeat(32)).join('\n'),
  ])
    expect(read(wrong)).toMatch(/up to 4 such lines that differ/)
  expect(readLogKeys(join(root, 'none.key'))).toMatchObject({ ok: false, problem: expect.stringMatching(/is missing/) as string })
  writeFileSync(join(root, 'two.key'), `${a}\n${b}`, { mode: 0o600 })
  expect(problem(load({ keyFile: join(root, 'two.key') }))).toMatch(/64 hexadecimal digits/)
})

it('each purpose has a key of its own', () => {
  const master = Buffer.alloc(32, 1)
  const keys = (['log', 'state', 'store', 'authority'] as const).map((purpose) => deriveKey(master, purpose).toString('hex'))
  expect(new Set(keys).size).toBe(4)
})
