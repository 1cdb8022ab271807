import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const version = '2.5.0'
const run = promisify(execFile)
const go = (): string | undefined => ['go', '/usr/local/go/bin/go'].find((program) => spawnSync(program, ['version']).error === undefined)
const built = join(homedir(), '.cache', 'wardwatch', `toxiproxy-${version}`)

/** Why there can be no toxiproxy on this machine; null when there can. */
export const lackingToxiproxy = (): string | null =>
  existsSync(join(built, 'server')) || go() !== undefined ? null : 'Go, which builds toxiproxy, is not installed'

/** The path of its server, built on first use from the Go proxy. */
export const toxiproxyProgram = async (): Promise<string> => {
  const program = join(built, 'server')
  if (existsSync(program)) return program
  // Built aside and moved: another test run may be at the same.
  const aside = `${built}-${process.pid}`
  mkdirSync(aside, { recursive: true })
  await run(go()!, ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@v${version}`], {
    env: { ...process.env, GOBIN: aside },
    timeout: 300_000,
  })
  try {
    renameSync(aside, built)
  } catch (error) {
    if (!existsSync(program)) throw error
  }
  return program
}
