import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { startStandIn } from './start-stand-in.ts'

const home = temporaryDirectory()
afterAll(() => home.remove())

const cli = (...words: string[]) =>
  spawnSync(nodeBinary()!, ['--disable-warning=ExperimentalWarning', 'app/main.ts', ...words], { encoding: 'utf8', timeout: 30_000 })
const fileOf = (name: string, text: string, mode = 0o600): string => {
  const file = join(home.path, name)
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

// A server that somebody else runs is given no users of ours.
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('wardwatch clickhouse (a stand-in)', () => {
  it('prints users that can sign in, and one of them migrates', async () => {
    const secret = 'correct-horse-battery'
    const passwordFile = fileOf('migrate.txt', `${secret}\n`)
    const printed = cli('clickhouse', 'users', '--migrate-password-file', passwordFile, '--grafana-password-file', passwordFile)
    expect(printed).toMatchObject({ status: 0, stderr: '' })
    expect(printed.stdout).not.toContain(secret)
    expect(printed.stdout).toMatch(
      /^CREATE USER OR REPLACE wardwatch_migrate IDENTIFIED WITH sha256_hash BY '[0-9a-f]{64}' SALT '[0-9a-f]{32}';$/m,
    )
    const standIn = await startStandIn({ directory: join(home.path, 'data'), usersFile: fileOf('users.sql', printed.stdout) })
    try {
      const server = ['--store-url', standIn.url, '--store-user', 'wardwatch_migrate']
      const migrate = () => cli('clickhouse', 'migrate', ...server, '--store-password-file', passwordFile)
      const first = migrate()
      expect(first.stdout).toMatch(/^wardwatch at http:\/\/127\.0\.0\.1:\d+ has all \d+ migrations\n$/)
      expect(first.status).toBe(0)
      expect(migrate().status).toBe(0)
      const wrong = cli(
        'clickhouse',
        'migrate',
        ...server,
        '--store-password-file',
        fileOf('wrong.txt', 'wrong-horse'),
        '--wait',
        '1s',
        '--log-level',
        'silent',
      )
      expect(wrong.status).toBe(1)
      expect(wrong.stderr).toMatch(/^wardwatch: ClickHouse at http:\S+: .*Authentication failed.*\(AUTHENTICATION_FAILED\)\n$/)
      expect(wrong.stderr + wrong.stdout).not.toContain('wrong-horse')
    } finally {
      await standIn.stop()
    }
  })

  it.each([
    [['users'], /needs a password file for each user/],
    [['users', '--sink-password-file', fileOf('short.txt', 'short')], /at least 12 characters/],
    [
      ['users', '--sink-password-file', fileOf('open.txt', 'correct-horse-battery', 0o644)],
      /^wardwatch: --sink-password-file \S+open\.txt can be read by everybody: chmod 640 /,
    ],
    [['users', '--desk-password-file', join(home.path, 'none.txt')], /^wardwatch: --desk-password-file \S+none\.txt: ENOENT/],
    [['migrate'], /store\.url: store\.kind server needs it/],
  ])('a call to be mended: %j', (words, problem) => {
    const answered = cli('clickhouse', ...words)
    expect([answered.status, answered.stdout]).toEqual([2, ''])
    expect(answered.stderr).toMatch(problem)
  })
})
