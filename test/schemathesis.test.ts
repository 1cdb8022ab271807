import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startFuzzedDesk } from './schemathesis-server.ts'

const there = spawnSync('schemathesis', ['--version']).status === 0
const why = there ? '' : ' (skipped: schemathesis is not installed: pip install schemathesis)'
const secondsMax = 40

const run = (
  url: string,
  headers: Readonly<Record<string, string>>,
  more: readonly string[],
): Promise<{ code: number | null; said: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'ww-schemathesis-'))
  const words = [
    'run',
    `${url}/api/v1/openapi.json`,
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    '--checks',
    'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance',
    '--phases',
    'examples,coverage,fuzzing',
    '--max-examples',
    '15',
    '--seed',
    '1',
    // It never ends: a stream of events.
    '--exclude-operation-id',
    'events',
    ...more,
  ]
  const child = spawn('schemathesis', words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, env: { ...process.env, NO_COLOR: '1' } })
  const timer = setTimeout(() => child.kill('SIGKILL'), 240_000)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      clearTimeout(timer)
      rmSync(folder, { recursive: true, force: true })
      resolve({ code, said })
    }),
  )
}

// It shoots what the OpenAPI document allows, and what it forbids, at every operation: no 5xx, and no answer that the document does not tell of.
it.skipIf(!there)(`schemathesis finds nothing, with a session and with a token${why}`, { timeout: 300_000 }, async () => {
  const desk = await startFuzzedDesk()
  try {
    // These two end the session that asks.
    const asPerson = await run(desk.url, desk.session, [
      '--max-time',
      String(secondsMax),
      '--exclude-operation-id',
      'signOut',
      '--exclude-operation-id',
      'changePassword',
    ])
    expect(asPerson.code, asPerson.said).toBe(0)
    const asScript = await run(desk.url, await desk.token(), [
      '--include-operation-id',
      'signOut',
      '--include-operation-id',
      'changePassword',
    ])
    expect(asScript.code, asScript.said).toBe(0)
    expect(desk.errors).toEqual([])
  } finally {
    await desk.close()
  }
})
