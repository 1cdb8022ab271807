import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../app/config.ts'
import { deriveKey } from '../app/master-key.ts'
import { startPlatform } from '../app/platform.ts'
import { openLog } from '../app/roles/open-log.ts'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import { ensureConsole } from '../dashboards/console/build.mjs'
import { finding } from '../contracts/finding.ts'
import { silentLogger } from '../contracts/logger.ts'
import { planFleet } from '../simulators/fleet.ts'
import { publishedAt, runLoad } from './publish-to-finding.ts'
import { newLink } from './sign-in.ts'

export interface EventToPixelFigures {
  readonly eventToPixelP50Ms: number
  readonly eventToPixelP99Ms: number
  readonly rows: number
  readonly messagesPerSecond: number
}

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Notes for each row of the queue, by its device, when the frame that shows it was painted. Runs in the page. */
const watchRows = `
  window.painted = {}
  const note = (row) => {
    const device = row.querySelector('.c-device')?.textContent
    if (!device || device in window.painted) return
    window.painted[device] = null
    requestAnimationFrame(() => setTimeout(() => { window.painted[device] = Date.now() }, 0))
  }
  new MutationObserver((changes) => {
    for (const { addedNodes, target } of changes) {
      for (const node of addedNodes) if (node.nodeType === 1) for (const row of [node, ...node.querySelectorAll('[role=row][data-id]')]) if (row.dataset?.id) note(row)
      const row = target.parentElement?.closest('[role=row][data-id]')
      if (row) note(row)
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
`

/**
 * The whole platform under 2,000 messages/s over mTLS, and one console in Chromium that nobody touches: from a device's clock at the publish that
 * made the alert to the frame in which its row stands. Null without Chromium.
 */
export const benchEventToPixel = async ({
  devices = 400,
  perSecond = 5,
  liars = 200,
  seconds = 50,
} = {}): Promise<EventToPixelFigures | null> => {
  const executablePath = browsers.find((path) => existsSync(path))
  if (executablePath === undefined) return null
  const built = await ensureConsole({ log: () => {} })
  if (!built.ok) throw new Error(built.problem)
  const data = mkdtempSync(join(tmpdir(), 'ww-bench-pixel-'))
  const config = configSchema.parse({ data, mqtt: { port: 0 }, metrics: { port: 0 }, desk: { port: 0 }, logLevel: 'error' })
  const started = await startPlatform({
    config,
    masterKeyFromEnvironment: undefined,
    logger: silentLogger,
    logFile: null,
    onProgress: () => {},
  })
  if (!started.ok) throw new Error(started.problem)
  const { platform } = started
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking', '--disable-sync'] })
  try {
    const seed = 12
    const fleet = planFleet({ seed, devices })
    const enrolled = await enrolSimulated(data, fleet.devices, () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
    await page.goto(await newLink(data, 'bench'))
    await page.locator('[data-live=live]').waitFor()
    await page.evaluate(`history.pushState(null, '', '/alerts?sort=newest'); dispatchEvent(new PopStateEvent('popstate'))`)
    await page.getByRole('combobox', { name: 'Order' }).selectOption('newest')
    await page.evaluate('document.activeElement?.blur()')
    await page.mouse.move(2, 2)
    await page.evaluate(watchRows)

    const load = await runLoad({
      port: platform.mqttPort!,
      devices,
      perSecond,
      seed,
      liars,
      seconds,
      credentials: Object.fromEntries(enrolled.credentials),
    })
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const painted = await page.evaluate<Record<string, number | null>>('window.painted')

    const key = Buffer.from(readFileSync(join(data, 'master.key'), 'utf8').trim(), 'hex')
    const log = await openLog({ data, logKeys: [deriveKey(key, 'log').toString('hex')], kafka: null, retention: null }, silentLogger)
    const delays: number[] = []
    const seen = new Set<string>()
    for (const { topic, partition, earliest, next } of await log.ranges(['findings.v1']))
      for await (const batch of log.read(topic, partition, earliest, next))
        for (const { value } of batch.records) {
          const one = finding.parse(JSON.parse(Buffer.from(value).toString('utf8')))
          // The first finding of a device opens its alert; the first detector's row is the one that was noted.
          if (seen.has(one.device) || one.detector !== 'implausible-vitals') continue
          seen.add(one.device)
          const [at, shown] = [await publishedAt(log, one), painted[one.device] ?? null]
          if (at !== null && shown !== null && shown >= at) delays.push(shown - at)
        }
    await log.close()
    delays.sort((a, b) => a - b)
    const quantile = (q: number): number => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN
    return {
      eventToPixelP50Ms: quantile(0.5),
      eventToPixelP99Ms: quantile(0.99),
      rows: delays.length,
      messagesPerSecond: load.messagesPerSecond,
    }
  } finally {
    await browser.close()
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  }
}
