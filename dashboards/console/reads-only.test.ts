import axe from 'axe-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromiumPath, openLook, type OpenLook } from './dev/open-look.ts'

let opened: OpenLook | undefined
let look: OpenLook['look']
let browser: OpenLook['browser']

beforeAll(async () => {
  opened = await openLook()
  if (opened !== undefined) ({ look, browser } = opened)
}, 120_000)
afterAll(() => opened?.close())

it.skipIf(chromiumPath === undefined)(
  'at a desk that does not lead the console says where the one is that does, goes on showing, and changes nothing (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    const page = await browser.newPage()
    await page.goto(await look.link('rosa'))
    await page.waitForURL('**/alerts**')
    await page.locator('.row-alert').first().waitFor()
    expect(await page.locator('.reads-only').count()).toBe(0)

    look.follow('https://desk-b.hospital.example:8480')
    const bar = page.locator('.reads-only')
    await bar.waitFor()
    expect(await bar.getByRole('link').getAttribute('href')).toBe('https://desk-b.hospital.example:8480')
    await page.keyboard.press('j')
    await page.locator('.panel').waitFor()
    const shown = await page.locator('.head-top .mono').first().innerText()
    const { state, version } = look.desk.alert(shown)!
    await page.keyboard.press('a')
    await page.getByText('This desk only reads: another one leads').first().waitFor()
    expect(look.desk.alert(shown)).toMatchObject({ state, version })

    await page.evaluate(axe.source)
    for (const theme of ['dark', 'light']) {
      await page.locator('html').evaluate((root, chosen) => root.setAttribute('data-theme', chosen), theme)
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run('.reads-only'))
      expect([theme, violations.map(({ id, nodes }) => [id, nodes[0]?.failureSummary])]).toEqual([theme, []])
    }

    look.follow(undefined)
    await bar.waitFor({ state: 'detached' })
    await page.close()
  },
)
