import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadDetectors } from './registry.ts'

const { detectors, derivations } = await loadDetectors()

it('loads the ten, sorted, and the derivation', () => {
  expect(detectors.map(({ id }) => id)).toEqual([
    'cloned-identity',
    'credential-brute-force',
    'flood',
    'identity-spraying',
    'implausible-vitals',
    'level-shift',
    'replay',
    'rogue-device',
    'silence',
    'topic-abuse',
  ])
  expect(derivations.map(({ id }) => id)).toEqual(['presence'])
})

it('each has a test and a runbook, a technique and a control', async () => {
  for (const { id, attack, controls } of detectors) {
    await access(new URL(`${id}.test.ts`, import.meta.url))
    await access(new URL(`../docs/runbooks/${id}.md`, import.meta.url))
    expect([id, attack.length > 0 && attack.every((one) => /^T\d{4}(\.\d{3})?$/.test(one))]).toEqual([id, true])
    expect([id, controls.length > 0 && controls.every((one) => /^A\.[5-8]\.\d{1,2}$/.test(one))]).toEqual([id, true])
  }
})

it('refuses a file whose detector has another name, and one that has none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wardwatch-detectors-'))
  try {
    await mkdir(join(folder, 'derivations'))
    await writeFile(join(folder, 'one.ts'), `export default { id: 'two', observe() {} }`)
    await expect(loadDetectors(folder)).rejects.toThrow(/calls itself two/)
    await writeFile(join(folder, 'one.ts.test.ts'), '')
    await rm(join(folder, 'one.ts'))
    await writeFile(join(folder, 'none.ts'), 'export const x = 1')
    await expect(loadDetectors(folder)).rejects.toThrow(/none\.ts exports no detector/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
