import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readFleetFile, writeFleetFile } from './fleet-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'wardwatch-fleet-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('reads what it wrote, for its owner only', () => {
  const path = join(folder, 'fleet.json')
  const fleet = {
    seed: 7,
    devices: 2,
    attacks: true,
    credentials: new Map([
      ['mon-1', { caPem: 'ca', certificatePem: 'certificate', privateKeyPem: 'key' }],
      ['wrb-1', { caPem: 'ca', userName: 'wrb-1', password: 'word' }],
    ]),
  }
  writeFleetFile(path, fleet)
  expect(readFleetFile(path)).toEqual(fleet)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

it.each([
  ['is missing', null, 'ENOENT'],
  ['is no JSON', 'fleet', 'JSON'],
  ['holds something else', '{"seed":7}', 'it holds no simulated fleet'],
])('a file that %s is told in one sentence', (_, text, told) => {
  const path = join(folder, 'other.json')
  if (text === null) rmSync(path, { force: true })
  else writeFileSync(path, text)
  expect(readFleetFile(path)).toContain(told)
})
