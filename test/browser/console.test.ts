import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from '../platform/platform-process.ts'
import { createRogue } from '../platform/rogue.ts'
import { complaintsOf, noBrowser, openBrowser } from './open-browser.ts'

const data = mkdtempSync(join(tmpdir(), 'ww-console-'))
let platform: PlatformProcess
let browser: Browser
let rogue: (name: string) => Promise<void>
let page: Page
let complaints: readonly string[]

const rowOf = (where: Page, device: string) => where.locator('[role=row][data-id]', { hasText: device })
const cli = async (...words: readonly string[]): Promise<string> => {
  const child = spawn(process.execPath, ['app/main.ts', ...words, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise((resolve) => child.once('exit', resolve))
  expect(code, said).toBe(0)
  return said
}
const linkIn = (text: string): string => /https?:\/\/\S+\/sign-in#code=\S+/.exec(text)![0]
/** A browser of its own, signed in as an account of its own. */
const signedIn = async (account: string, role: string): Promise<Page> => {
  const link = linkIn(await cli('account', 'add', account, '--role', role))
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  const own = await context.newPage()
  await own.goto(link)
  await own.locator('[data-live=live]').waitFor()
  return own
}
/** Where nothing is under the pointer and nothing has the focus: as a screen on a wall. */
const lookAway = async (where: Page): Promise<void> => {
  await where.keyboard.press('Escape')
  await where.mouse.move(2, 2)
  await where.evaluate('document.activeElement instanceof HTMLElement && document.activeElement.blur()')
}
const select = async (where: Page, device: string): Promise<void> => {
  await rowOf(where, device).locator('.c-title').click()
  await where.getByRole('heading', { name: /Rogue device/ }).waitFor()
}

describe.skipIf(noBrowser !== null)(`the console in Chromium${noBrowser === null ? '' : ` (${noBrowser})`}`, { timeout: 120_000 }, () => {
  beforeAll(async () => {
    const mqttPort = await freePort()
    platform = await startPlatformProcess({ data, mqttPort, flags: ['--desk-port', '0', '--site', 'st-brannoc'] })
    rogue = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))
    browser = await openBrowser()
    page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
    complaints = complaintsOf(page)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await platform?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  it('the link of the first start signs in, once, and leaves no code in the address', async () => {
    const link = linkIn(platform.output())
    await page.goto(link)
    await page.getByText('Queue clear.').waitFor()
    expect(page.url()).not.toContain('code')
    const second = await (await browser.newContext()).newPage()
    await second.goto(link)
    await second.getByRole('alert').waitFor()
    expect(new URL(second.url()).pathname).toBe('/sign-in')
    await second.context().close()
  })

  it("an attack's alert appears without a reload", async () => {
    await page.evaluate('window.notReloaded = true')
    await rogue('box-0001')
    await rowOf(page, 'box-0001').waitFor({ timeout: 10_000 })
    expect(await page.evaluate('window.notReloaded')).toBe(true)
  })

  it('is acknowledged, snoozed, taken back and closed by keys alone, and a second browser sees each within a second', async () => {
    const other = await signedIn('rosa', 'analyst')
    await rowOf(other, 'box-0001').waitFor()
    // The keys go to the console as soon as it is there: no click is needed.
    await lookAway(page)
    const within = async (what: Promise<unknown>): Promise<void> => {
      const from = performance.now()
      await what
      expect(performance.now() - from).toBeLessThan(1_000)
    }
    await page.keyboard.press('j')
    await page.getByRole('heading', { name: /Rogue device/ }).waitFor()
    await page.keyboard.press('a')
    await within(
      rowOf(other, 'box-0001')
        .getByText(/acknowledged/i)
        .or(rowOf(other, 'box-0001').getByLabel('acknowledged'))
        .waitFor(),
    )
    await page.keyboard.press('u')
    await page.getByText('Taken back').first().waitFor()

    await page.keyboard.press('z')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('1')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await lookAway(other)
    await within(other.getByRole('button', { name: 'Snoozed 1' }).waitFor())
    await page.keyboard.press('u')
    await within(other.getByRole('button', { name: 'Snoozed 0' }).waitFor())
    await rowOf(page, 'box-0001').waitFor()

    await lookAway(page)
    await page.keyboard.press('j')
    await page.keyboard.press('e')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('1')
    await page.keyboard.type('a box of the pen-test team')
    await page.keyboard.press('Control+Enter')
    await within(other.getByRole('button', { name: 'Closed 1' }).waitFor())
    await other.context().close()
  })

  it('closing does not hide the next attack: a new alert opens, and names the one before', async () => {
    await lookAway(page)
    await rogue('box-0001')
    await rowOf(page, 'box-0001').waitFor({ timeout: 90_000 })
  })

  it('who comes second is told who was first, and sees the alert as it is', async () => {
    await rogue('box-0002')
    const late = await signedIn('otto', 'responder')
    // This browser hears nothing of what others do.
    await late.route('**/api/v1/events', (route) => route.abort())
    await late.reload()
    await rowOf(late, 'box-0002').waitFor()
    await select(late, 'box-0002')
    await rowOf(page, 'box-0002').waitFor()
    await select(page, 'box-0002')
    await page.keyboard.press('m')
    await page
      .getByText(/Assigned to/)
      .first()
      .waitFor()
    await late.keyboard.press('a')
    await late
      .getByText(/Not acknowledged: Administrator \w+ it at/)
      .first()
      .waitFor()
    // Rolled back, and as it is now: the owner stands in the row.
    await rowOf(late, 'box-0002').getByText('AD').waitFor()
    expect(await rowOf(late, 'box-0002').getByLabel('acknowledged').count()).toBe(0)
    await late.context().close()
  })

  it('rows never move under the cursor: what is new waits behind its button', async () => {
    await lookAway(page)
    await rogue('box-0003')
    await rowOf(page, 'box-0003').waitFor()
    await page.getByRole('combobox', { name: 'Order' }).selectOption('newest')
    await lookAway(page)
    await page.locator('[role=row][data-id]').first().waitFor()
    const order = () => page.locator('[role=row][data-id]').evaluateAll((rows) => rows.map((row) => (row as { id: string }).id))
    const box = (await page.locator('[role=row][data-id]').first().boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    const before = await order()
    await rogue('box-0004')
    await rogue('box-0005')
    await page.getByRole('button', { name: '2 new' }).waitFor({ timeout: 15_000 })
    expect(await order()).toEqual(before)
    await page.keyboard.press('.')
    await rowOf(page, 'box-0005').waitFor()
    expect((await order()).length).toBe(before.length + 2)
  })

  it('the console says since when it is blind while the platform stands still, and goes on when it goes on', async () => {
    const hub = (await platform.roles()).find(({ name }) => name === 'hub')!
    process.kill(hub.pid!, 'SIGSTOP')
    try {
      await page.getByText(/No data since \d\d:\d\d:\d\d/).waitFor({ timeout: 40_000 })
    } finally {
      process.kill(hub.pid!, 'SIGCONT')
    }
    await page.getByText(/No data since/).waitFor({ state: 'detached', timeout: 30_000 })
    await page.locator('[data-live=live]').waitFor()
  })

  it('ten pages one after the other each get their answers: a page that is left holds no stream', async () => {
    const origin = new URL(page.url()).origin
    for (let i = 0; i < 10; i++) {
      await page.goto(`${origin}/${i % 2 === 0 ? 'devices' : 'alerts'}`, { timeout: 10_000 })
      await page.locator('[data-live=live]').waitFor({ timeout: 10_000 })
    }
  })

  it('a viewer is told which role an action needs', async () => {
    const viewer = await signedIn('vera', 'viewer')
    await lookAway(viewer)
    await viewer.keyboard.press('j')
    await viewer.getByRole('heading', { name: /Rogue device/ }).waitFor()
    await viewer.keyboard.press('a')
    await viewer
      .getByText(/needs the role analyst/i)
      .first()
      .waitFor()
    await viewer.context().close()
  })

  it('the page has complained of nothing: no CSP violation, no error', () => {
    // While the platform stood still the browser's own lines about a stream that broke off are right.
    expect(complaints.filter((line) => !/events|ERR_|Failed to load resource/.test(line))).toEqual([])
  })
})
