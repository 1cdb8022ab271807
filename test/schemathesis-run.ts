import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { schemathesisConfig } from './schemathesis-config.ts'
import { type FuzzedDesk, startFuzzedDesk } from './schemathesis-server.ts'

export const schemathesisIsThere = spawnSync('schemathesis', ['--version']).status === 0
/** For the test's name. */
export const whySkipped = schemathesisIsThere ? '' : ' (skipped: schemathesis is not installed: pip install schemathesis)'

/** What ends the session that asks. */
const endsIt = ['signOut', 'changePassword']
/** What ends it when it is about oneself. */
const maybeEndsIt = ['changeAccount', 'linkAccount']
const only = (ids: readonly string[]) => ids.flatMap((id) => ['--include-operation-id', id])
const without = (ids: readonly string[]) => ids.flatMap((id) => ['--exclude-operation-id', id])

const shoot = (
  desk: FuzzedDesk,
  headers: Readonly<Record<string, string>>,
  more: readonly string[],
): Promise<{ code: number | null; said: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'ww-schemathesis-'))
  writeFileSync(join(folder, 'schemathesis.toml'), schemathesisConfig(desk))
  const words = [
    'run',
    `${desk.url}/api/v1/openapi.json`,
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    '--checks',
    'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance',
    '--phases',
    'examples,coverage,fuzzing',
    // It never ends: a stream of events.
    '--exclude-operation-id',
    'events',
    // Else it sends an Authorization of its own beside the session, which is a 401 each time.
    '--generation-with-security-parameters',
    'false',
    ...more,
  ]
  const child = spawn('schemathesis', words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, env: { ...process.env, NO_COLOR: '1' } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      rmSync(folder, { recursive: true, force: true })
      resolve({ code, said })
    }),
  )
}

/** It shoots what the OpenAPI document allows, and what it forbids, at every operation: no 5xx, and no answer that the document does not tell of. */
export const expectNothingFound = async (examplesMax: number, seed: number): Promise<void> => {
  const desk = await startFuzzedDesk()
  try {
    let said = ''
    for (const [who, words] of [
      [() => desk.signIn('first'), without([...endsIt, ...maybeEndsIt])],
      [() => desk.signIn('second'), only(maybeEndsIt)],
      [() => desk.token(), only(endsIt)],
    ] as const) {
      const run = await shoot(desk, await who(), ['--max-examples', String(examplesMax), '--seed', String(seed), ...words])
      expect(run.code, run.said).toBe(0)
      said += run.said
    }
    // A fuzzer that knocks at closed doors finds nothing: all but these have answered it well. They want a secret, an own last action, a session; or never end.
    const closed = ['changePassword', 'events', 'signInByLink', 'signInByPassword', 'signOut', 'undoAlert', 'wakeAlert']
    expect(closed, said).toEqual(expect.arrayContaining([...desk.neverDone()]))
    expect(desk.errors).toEqual([])
  } finally {
    await desk.close()
  }
}
