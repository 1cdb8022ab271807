import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// The linter itself over a copy of the rules: a rule that no longer bites fails here.
const root = mkdtempSync(join(tmpdir(), 'wardwatch-rules-'))
copyFileSync('.oxlintrc.json', join(root, '.oxlintrc.json'))
afterAll(() => rmSync(root, { recursive: true }))

const lint = (file: string, source: string): string => {
  const path = join(root, file)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, source)
  const { stdout } = spawnSync(
    process.execPath,
    [join('node_modules', 'oxlint', 'bin', 'oxlint'), '-c', join(root, '.oxlintrc.json'), path],
    { encoding: 'utf8' },
  )
  return stdout
}

const folders = ['contracts', 'broker', 'ingest', 'stream', 'detectors', 'triage', 'registry', 'store', 'simulators', 'dashboards']

describe('a folder imports only what docs/architecture.md allows', () => {
  for (const folder of folders) {
    const other = folder === 'store' ? 'broker' : 'store'
    it(`${folder}/ may not import ${other}/`, () =>
      expect(lint(`${folder}/a.ts`, `import { x } from '../${other}/x.ts'\nexport const y = x\n`)).toContain('no-restricted-imports'))
    it(`${folder}/ may not import app/`, () =>
      expect(lint(`${folder}/b.ts`, `import { x } from '../app/x.ts'\nexport const y = x\n`)).toContain('no-restricted-imports'))
    if (folder !== 'contracts')
      it(`${folder}/ may import contracts/`, () =>
        expect(lint(`${folder}/c.ts`, `import { x } from '../contracts/x.ts'\nexport const y = x\n`)).not.toContain('no-restricted'))
    it(`${folder}/ may not read the environment`, () =>
      expect(lint(`${folder}/d.ts`, `export const y = process.env\n`)).toContain('no-restricted-properties'))
  }
  for (const [file, other, allowed] of [
    ['dashboards/api/q.ts', '../../triage/x.ts', true],
    ['dashboards/api/q2.ts', '../../registry/x.ts', true],
    ['dashboards/api/q3.ts', '../console/src/x.ts', false],
    ['dashboards/console/src/q.ts', '../../../contracts/x.ts', true],
    ['dashboards/console/src/q3.ts', '../../../triage/x.ts', false],
  ] as const)
    it(`${file} ${allowed ? 'may' : 'may not'} import ${other}`, () => {
      const said = lint(file, `import { x } from '${other}'\nexport const y = x\n`)
      if (allowed) expect(said).not.toContain('no-restricted-imports')
      else expect(said).toContain('no-restricted-imports')
    })
  const packages: readonly (readonly [string, string, boolean])[] = [
    ['broker/p.ts', 'aedes', true],
    ['stream/p.ts', 'aedes', false],
    ['stream/lmdb/p.ts', 'lmdb', true],
    ['stream/p2.ts', 'lmdb', false],
    ['stream/host/p.ts', 'lmdb', false],
    ['stream/kafka/kafka-client.ts', 'kafkajs', true],
    ['stream/kafka/kafka-client.ts', 'lmdb', false],
    ['stream/kafka/p.ts', 'kafkajs', false],
    ['stream/lmdb/p2.ts', 'kafkajs', false],
    ['triage/p.ts', '@clickhouse/client', false],
    ['triage/notify/notifiers/email.ts', 'nodemailer', true],
    ['triage/notify/notifiers/email.ts', 'lmdb', false],
    ['triage/notify/notifiers/slack.ts', 'nodemailer', false],
    ['dashboards/p.ts', 'nodemailer', false],
    ['store/p.ts', 'chdb', true],
    ['ingest/p.ts', 'pino', false],
    ['dashboards/api/p.ts', 'fastify', true],
    ['dashboards/api/p2.ts', 'react', false],
    ['dashboards/api/p3.ts', '@clickhouse/client', false],
    ['dashboards/accounts/p.ts', '@node-rs/argon2', false],
    ['dashboards/console/src/p.tsx', 'react', true],
    ['dashboards/console/src/p2.tsx', 'zod', false],
    ['dashboards/console/src/p3.tsx', 'node:fs', false],
    ['store/p2.ts', 'fastify', false],
    ['triage/p2.ts', 'fastify', false],
  ]
  for (const [file, name, allowed] of packages)
    it(`${file} ${allowed ? 'may' : 'may not'} import ${name}`, () => {
      const said = lint(file, `import { x } from '${name}'\nexport const y = x\n`)
      if (allowed) expect(said).not.toContain('no-restricted-imports')
      else expect(said).toContain('no-restricted-imports')
    })
})

describe('a detector keeps to exact arithmetic and record time', () => {
  for (const expression of ['Math.exp(1)', 'Math.pow(2, 3)', 'Math.log(2)', 'Math.random()', 'Date.now()'])
    it(expression, () => expect(lint('detectors/e.ts', `export const y = ${expression}\n`)).toContain('no-restricted-properties'))
  it('Math.sqrt is exact', () =>
    expect(lint('detectors/f.ts', 'export const y = Math.sqrt(2)\n')).not.toContain('no-restricted-properties'))
})
