// Screenshots of every screen in both themes and three sizes, with axe-core run on each: `npm run screenshots -- [--url URL --link SIGN_IN_LINK]
// [--out screenshots] [--only NAME] [--no-pictures: axe only]`. Without --url it starts the desk's server over made-up alerts (dev/look.ts). Ends with 1 when axe finds
// something serious, a control lies on another or is cut, the console tells an error, or the CSP stops something.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nodeBinary } from '../../app/runtime-binaries.mjs'
import { ensureConsole } from './build.mjs'

const sizes = { wide: [1920, 1080], laptop: [1280, 720], phone: [390, 844] }
const themes = ['dark', 'light']
/** A page is looked at when it asks for nothing and has not changed for `quietMs`; after `settleMsMax` in any case. */
const quietMs = 200
const settleMsMax = 3_000

const node = nodeBinary()
if (node === null) throw new Error('screenshots need Node 26: `npm ci` brings it')
if (node !== process.execPath) process.exit(spawnSync(node, process.argv.slice(1), { stdio: 'inherit' }).status ?? 1)

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    link: { type: 'string' },
    out: { type: 'string', default: 'screenshots' },
    only: { type: 'string' },
    size: { type: 'string' },
    theme: { type: 'string' },
    'no-axe': { type: 'boolean', default: false },
    'no-pictures': { type: 'boolean', default: false },
  },
})
const built = await ensureConsole({ log: (line) => process.stdout.write(`${line}\n`) })
if (!built.ok) throw new Error(built.problem)

const look = options.url === undefined ? await (await import('./dev/look.ts')).startLook(0) : null
const base = look?.url ?? options.url
const { chromium } = await import('playwright-core')
const { default: axe } = await import('axe-core')
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
const browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args: ['--no-sandbox'] })
if (!options['no-pictures']) mkdirSync(options.out, { recursive: true })

const problems = []
const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: false, reducedMotion: 'reduce' })
const page = await context.newPage()
let where = 'sign-in'
page.on('console', (message) => {
  if (message.type() !== 'error' && message.type() !== 'warning') return
  // The browser's own line for a 401 before signing in.
  if (/status of 401/.test(message.text())) return
  problems.push(`${where}: console: ${message.text()}`)
})
page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`))

const asking = new Set()
page.on('request', (request) => {
  if (!request.url().endsWith('/api/v1/events')) asking.add(request)
})
for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => asking.delete(request))

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const settle = async () => {
  const from = performance.now()
  let before = -1
  let quietFrom = from
  while (performance.now() - from < settleMsMax && performance.now() - quietFrom < quietMs) {
    await wait(50)
    // Plots come in a file of their own: their place is empty until it is there.
    const [length, waits] = await page.evaluate(() => [document.body.innerHTML.length, document.querySelector('.plots:empty') !== null])
    if (asking.size > 0 || waits || length !== before) quietFrom = performance.now()
    before = length
  }
}
const press =
  (...keys) =>
  async () => {
    for (const key of keys) {
      await page.keyboard.press(key)
      await wait(60)
    }
    await settle()
  }
const firstDevice = async () => {
  const { items } = await page.evaluate(async () => (await fetch('/api/v1/alerts?limit=50')).json())
  return items.find(({ model }) => model !== null)?.device ?? items[0]?.device ?? 'none'
}
const firstAlert = async () => (await page.evaluate(async () => (await fetch('/api/v1/alerts?limit=1')).json())).items[0]?.id ?? 'none'

const signIn = async () => {
  await page.goto(`${base}/sign-in`)
  await shots('sign-in', null)
  await page.goto('about:blank')
  await page.goto(look === null ? options.link : await look.link('rosa'))
  await page.waitForURL('**/alerts**')
}

const audit = async (name) => {
  if (options['no-axe']) return
  // Through the debugger, which the CSP does not stop: the page's own policy stays on.
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      at: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    }))
  })
  for (const { id, impact, at } of found) {
    const line = `${name}: axe ${impact} ${id}\n    ${at.join('\n    ').replaceAll('\n', '\n      ')}`
    if (impact === 'serious' || impact === 'critical') problems.push(line)
    else process.stdout.write(`${line}\n`)
  }
}

/** Controls that lie on what stands beside them, or stick out of the row that they are in. */
const crowded = () =>
  page.evaluate(() => {
    const told = []
    const named = (element) =>
      `${element.tagName.toLowerCase()}.${element.className} "${(element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40)}"`
    for (const control of document.querySelectorAll('button, [role="tab"]')) {
      const box = control.getBoundingClientRect()
      const row = control.parentElement
      if (box.width === 0 || getComputedStyle(control).position === 'absolute') continue
      const around = row.getBoundingClientRect()
      if (box.right > around.right + 1 && getComputedStyle(row).overflowX === 'visible')
        told.push(`${named(control)} sticks out of its row`)
      for (const other of row.children) {
        const there = other.getBoundingClientRect()
        const width = Math.min(box.right, there.right) - Math.max(box.left, there.left)
        const height = Math.min(box.bottom, there.bottom) - Math.max(box.top, there.top)
        if (other === control || getComputedStyle(other).position === 'absolute' || width <= 1 || height <= 1) continue
        told.push(`${named(control)} and ${named(other)} lie on each other`)
      }
    }
    // What overflows a row does not push its box, and what an ellipsis has cut looks whole to its box: each says so itself.
    for (const one of document.querySelectorAll('.plot-key, .plot-key *, .head-actions, .dialog-foot'))
      if (one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1) told.push(`${named(one)} is wider than its place`)
    return told
  })

const shots = async (name, path, act) => {
  if (options.only !== undefined && !name.startsWith(options.only)) return
  const wanted = themes.filter((theme) => options.theme === undefined || options.theme === theme)
  for (const [size, [width, height]] of Object.entries(sizes)) {
    if (options.size !== undefined && options.size !== size) continue
    for (const [at, theme] of wanted.entries()) {
      where = `${name}-${size}-${theme}`
      // Only a picture needs the plots drawn anew: for axe the same page is shown in the other theme.
      if (options['no-pictures'] && at > 0) await page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme)
      else await open({ path, act, theme, width, height })
      if (!options['no-pictures']) await page.screenshot({ path: join(options.out, `${where}.png`) })
      for (const line of await crowded()) problems.push(`${where}: ${line}`)
      await audit(where)
    }
  }
}

const open = async ({ path, act, theme, width, height }) => {
  await page.setViewportSize({ width, height })
  await page.evaluate((chosen) => localStorage.setItem('wardwatch.preferences', JSON.stringify({ theme: chosen })), theme)
  if (path === null) await page.reload()
  else await page.goto(`${base}${path}`)
  await settle()
  await act?.()
}

try {
  await signIn()
  const device = encodeURIComponent(await firstDevice())
  const alert = encodeURIComponent(await firstAlert())
  await shots('alerts', '/alerts', press('j', 'j', 'j', 'j'))
  await shots('alerts-marked', '/alerts?sort=newest', press('Shift+J', 'Shift+J', 'x'))
  await shots('alerts-closed', '/alerts?tab=closed')
  await page.route('**/signals*', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), behindMs: 754_000 } })
  })
  await shots('alerts-behind', '/alerts', press('j'))
  await page.unroute('**/signals*')
  await shots('alerts-empty', '/alerts?q=nothing-is-like-this')
  await shots('alert', `/alerts/${alert}`)
  await shots('alert-close', `/alerts/${alert}`, press('e'))
  await shots('alert-snooze', `/alerts/${alert}`, press('z'))
  await shots('alert-contain', `/alerts/${alert}`, press('q'))
  await shots('alert-suppress', `/alerts/${alert}`, press('s'))
  await shots('keys', '/alerts', press('?'))
  await shots('palette', '/alerts', async () => {
    await press('/')()
    await page.keyboard.type('icu')
    await wait(300)
    await settle()
  })
  await shots('devices', '/devices')
  await shots('device', `/devices/${device}`)
  await shots('device-vitals', `/devices/${device}`, press('2'))
  await shots('device-connections', `/devices/${device}`, press('3'))
  await shots('device-alerts', `/devices/${device}`, press('4'))
  await shots('pipeline', '/pipeline')
  for (const section of ['you', 'accounts', 'tokens', 'paging', 'suppressions']) await shots(`settings-${section}`, `/settings/${section}`)
} finally {
  await browser.close()
  await look?.stop()
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(
  `${options['no-pictures'] ? 'no screenshots were made' : `screenshots are in ${options.out}`}; ${problems.length === 0 ? 'axe, layout, console and CSP are clean' : `${problems.length} problems`}\n`,
)
process.exit(problems.length === 0 ? 0 : 1)
