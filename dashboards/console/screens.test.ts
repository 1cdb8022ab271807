import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].some((path) => existsSync(path))

/** `npm run screenshots` itself, over made-up alerts that have every state: it ends with 1 for an axe finding, a console error or a CSP violation. */
it.skipIf(!chromium)(
  'axe-core finds nothing serious on any screen in either theme, and no screen breaks the CSP (needs Chromium)',
  { timeout: 300_000 },
  async () => {
    const words = ['dashboards/console/screenshots.mjs', '--no-pictures', '--size', 'laptop']
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    expect(await new Promise((resolve) => child.once('exit', resolve)), said).toBe(0)
  },
)
