import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const out = mkdtempSync(join(tmpdir(), 'ww-screens-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].some((path) => existsSync(path))

/** `npm run screenshots` itself, over made-up alerts that have every state: it ends with 1 for an axe finding, a console error or a CSP violation. */
it.skipIf(!chromium).each(['dark', 'light'])(
  'axe-core finds nothing serious on any screen, and no screen breaks the CSP: %s (needs Chromium)',
  { timeout: 300_000 },
  async (theme) => {
    const words = ['dashboards/console/screenshots.mjs', '--out', out, '--size', 'laptop', '--theme', theme]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    expect(await new Promise((resolve) => child.once('exit', resolve)), said).toBe(0)
  },
)
