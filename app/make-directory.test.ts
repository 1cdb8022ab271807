import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeDirectory } from './make-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'wardwatch-directory-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('makes what is missing, for the owner alone', () => {
  expect(makeDirectory(join(root, 'a', 'b'))).toBeNull()
  expect(statSync(join(root, 'a', 'b')).mode & 0o777).toBe(0o700)
  expect(makeDirectory(join(root, 'a', 'b'))).toBeNull()
})

it('says so when a file stands in the way', () => {
  writeFileSync(join(root, 'file'), '')
  expect(makeDirectory(join(root, 'file'))).toMatch(/file is not a directory$/)
  expect(makeDirectory(join(root, 'file', 'below'))).toMatch(/is not a directory|ENOTDIR/)
})

it.skipIf(!existsSync('/proc/self'))('comes back from /proc, where a recursive mkdir of Node spins for ever', () => {
  expect(makeDirectory('/proc/wardwatch/deep')).toMatch(/can not be used/)
})
