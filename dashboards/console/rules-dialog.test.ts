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
  'rules that somebody changed while the dialog was open are not overwritten, not even by who saves twice (needs Chromium)',
  { timeout: 60_000 },
  async () => {
    const page = await browser.newPage()
    await page.goto(await look.link('rosa'))
    await page.waitForURL('**/alerts**')
    await page.goto(`${look.url}/settings/paging`)
    const [first, ...others] = look.paging.rules()
    await page.locator('.rules li').first().getByRole('button', { name: 'Change' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Mine')
    await look.paging.putRules('mona', [{ ...first!, title: 'Theirs' }, ...others])
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText(/somebody has changed the rules meanwhile/).waitFor()
    // The list behind the dialog is read anew, and with it the version.
    await page.locator('.rules li', { hasText: 'Theirs' }).waitFor()
    const refused = page.waitForResponse((response) => response.request().method() === 'PUT')
    await dialog.getByRole('button', { name: 'Save' }).click()
    expect((await refused).status()).toBe(409)
    expect(look.paging.rules()[0]!.title).toBe('Theirs')
    await page.close()
  },
)
