import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readPasswordFile, readPrivateKeyFile } from './secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'wardwatch-secret-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (text: string, mode: number): string => {
  const path = join(folder, mode.toString(8))
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

it('a password is read for its owner and a group, without the end of its line', () => {
  for (const mode of [0o400, 0o600, 0o440, 0o640]) expect(readPasswordFile('here.passwordFile', file('word\r\n', mode))).toBe('word')
})

it.each([0o644, 0o444, 0o666, 0o604, 0o602])('a password with mode %o is told', (mode) =>
  expect(() => readPasswordFile('here.passwordFile', file('word', mode))).toThrow(
    /^here\.passwordFile \S+ can be read by everybody: chmod 640 /,
  ),
)

it('an empty password is told', () =>
  expect(() => readPasswordFile('here.passwordFile', file('\n', 0o600))).toThrow(/^here\.passwordFile \S+ is empty$/))

it('a private key is for its owner', () => {
  expect(readPrivateKeyFile('here.keyFile', undefined)).toBeNull()
  expect(readPrivateKeyFile('here.keyFile', file('key', 0o600))).toBe('key')
  for (const encrypted of ['-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII', '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n'])
    expect(() => readPrivateKeyFile('here.keyFile', file(encrypted, 0o600))).toThrow(/^here\.keyFile \S+ is encrypted, /)
  expect(() => readPrivateKeyFile('here.keyFile', file('key', 0o644))).toThrow(/^here\.keyFile \S+ can be read by others than its owner: /)
})
