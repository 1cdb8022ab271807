import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { ensureConsole } from '../build.mjs'
import { startLook } from './look.ts'

/** Undefined where none is installed: what needs it is skipped by name there. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

export interface OpenLook {
  readonly look: Awaited<ReturnType<typeof startLook>>
  readonly browser: Browser
  close(): Promise<void>
}

/** The built console over made-up alerts, and a browser to look at it; undefined without Chromium. */
export const openLook = async (): Promise<OpenLook | undefined> => {
  if (chromiumPath === undefined) return undefined
  const built = await ensureConsole({ log: () => {} })
  if (!built.ok) throw new Error(built.problem)
  const look = await startLook(0)
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  return {
    look,
    browser,
    async close() {
      await browser.close()
      await look.stop()
    },
  }
}
