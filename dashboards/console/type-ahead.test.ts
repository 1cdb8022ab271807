import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromiumPath, openLook, type OpenLook } from './dev/open-look.ts'

let opened: OpenLook | undefined
let look: OpenLook['look']
let browser: OpenLook['browser']
let page: Page

beforeAll(async () => {
  opened = await openLook()
  if (opened !== undefined) ({ look, browser } = opened)
}, 120_000)
afterAll(() => opened?.close())

/** The queue, with the first alert picked, behind a line on which a dialog's code takes its time. */
const openQueue = async (): Promise<string> => {
  page = await browser.newPage()
  await page.goto(await look.link('rosa'))
  await page.waitForURL('**/alerts**')
  await page.locator('.row-alert').first().waitFor()
  await page.route(/\/assets\/(?:action-dialog|palette)[^/]*\.js$/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700))
    await route.continue()
  })
  await page.keyboard.press('j')
  await page.locator('.panel').waitFor()
  return page.locator('.head-top .mono').first().innerText()
}

it.skipIf(chromiumPath === undefined)(
  'whoever types before the dialog is there writes into it: the letters of a note acknowledged, took and closed the alert (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    const id = await openQueue()
    const before = look.desk.alert(id)!
    await page.keyboard.press('n')
    await page.keyboard.type('am at the bedside, it is sueing usX')
    await page.keyboard.press('Backspace')
    const field = page.getByRole('dialog').getByRole('textbox')
    await field.waitFor()
    await page.keyboard.type('.')
    expect(await field.inputValue()).toBe('am at the bedside, it is sueing us.')
    const { state, owner, version } = look.desk.alert(id)!
    expect({ state, owner, version }).toEqual({ state: before.state, owner: before.owner, version: before.version })
    await page.keyboard.press('Escape')
    await page.close()
  },
)

it.skipIf(chromiumPath === undefined)(
  'the key that opens what is open already waits for nothing: in the search it swallowed five seconds of letters (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    await openQueue()
    await page.keyboard.press('/')
    const field = page.getByRole('combobox', { name: 'Search alerts, devices and commands' })
    await field.waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('pump')
    expect(await field.inputValue()).toBe('pump')
    await page.close()
  },
)

it.skipIf(chromiumPath === undefined)(
  'the same in the search, and its keys go on afterwards (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    await openQueue()
    await page.keyboard.press('/')
    await page.keyboard.type('pump')
    const field = page.getByRole('combobox', { name: 'Search alerts, devices and commands' })
    await field.waitFor()
    expect(await field.inputValue()).toBe('pump')
    expect(await page.getByText('Nothing to undo').count()).toBe(0)
    await page.keyboard.press('Escape')
    await field.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.close()
  },
)
