import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import type { AlertView } from '../contracts/api/alerts.ts'
import type { DeviceDetail } from '../contracts/api/devices.ts'
import { type Route, routes } from '../contracts/api/routes.ts'
import { complaintsOf, noBrowser, openBrowser } from './browser/open-browser.ts'
import { type DeskClient, newPerson, signInAsAdmin } from './platform/desk-client.ts'
import { hostileTexts, misbehave, oddVitals } from './platform/hostile-device.ts'
import { freePort } from './platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform/platform-process.ts'
import { queryRows } from './platform/query-rows.ts'
import { createRogue } from './platform/rogue.ts'
import { until } from './platform/until.ts'

const data = mkdtempSync(join(tmpdir(), 'ww-hostile-'))
const devices = hostileTexts.map((text, i) => ({ device: `evil-${i}`, site: 'north', text }))

describe("a device's text ends as inert text, from MQTT to the pixel", { timeout: 120_000 }, () => {
  let platform: PlatformProcess
  let admin: DeskClient
  let alerts: readonly AlertView[] = []

  beforeAll(async () => {
    const mqttPort = await freePort()
    platform = await startPlatformProcess({ data, mqttPort, flags: ['--log-level', 'error'] })
    admin = await signInAsAdmin(platform)
    const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{M}]/gu, '').slice(0, 64)
    const enrolled = await enrolSimulated(
      data,
      devices.map(({ device, site, text }) => ({ device, site, ward: plain(text), model: plain(text) })),
      () => {},
    )
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const rogue = await createRogue(mqttPort, readFileSync(join(data, 'ca.crt'), 'utf8'))
    await Promise.all([
      ...devices.map((one) => misbehave(mqttPort, { ...one, credentials: enrolled.credentials.get(one.device)! })),
      ...hostileTexts.map((text) => rogue(text.slice(0, 64).toWellFormed())),
    ])
    const listed = async () => (await admin.get<{ items: AlertView[] }>('/alerts?tab=all&limit=500')).items
    const abusers = (all: readonly AlertView[]) =>
      new Set(all.filter(({ detector }) => detector === 'topic-abuse').map(({ device }) => device)).size
    await until('an alert about each device', async () => abusers((alerts = await listed())) === devices.length, 30_000)
    await until(
      'each reading landed',
      async () =>
        (await queryRows<{ n: string }>(data, 'SELECT toString(uniqExact(device, seq)) AS n FROM readings'))[0]!.n ===
        String(2 * devices.length),
      30_000,
    )
  }, 90_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  it('a rogue is told, and a name that it claims only when it could be one', () => {
    const rogues = alerts.filter(({ detector }) => detector === 'rogue-device')
    expect(rogues).toHaveLength(hostileTexts.length)
    for (const { device, why } of rogues)
      if (device.startsWith('address:')) expect(why).toMatch(/^A nameless client was refused/)
      else expect(device).toMatch(/^[A-Za-z0-9._-]+$/)
  })

  it('what people write is theirs, and as inert', async () => {
    await newPerson(admin, 'eve', 'analyst')
    for (const text of hostileTexts.slice(0, 5)) {
      const [alert] = (await admin.get<{ items: AlertView[] }>('/alerts?limit=1&sort=newest')).items
      expect((await admin.ask('POST', `/alerts/${alert!.id}/note`, { version: alert!.version, body: { note: text } })).status).toBe(200)
      const suppression = { detector: alert!.detector, scope: { device: alert!.device }, reason: text, expiresInHours: 1 }
      await admin.post('/suppressions', suppression)
      const ofNothing = { ...suppression, detector: text.slice(0, 64), scope: { device: text.slice(0, 64) } }
      expect((await admin.ask('POST', '/suppressions', { body: ofNothing })).status).toBe(409)
      await admin.post('/tokens', { name: text.slice(0, 64), scope: 'read', expiresInDays: 1 })
    }
  })

  it('every answer of the API is JSON that says it is, with the text in its strings', async () => {
    const paths = devices.flatMap(({ device, text }) => {
      const now = Date.now()
      return [
        `/devices/${device}`,
        `/devices/${device}/connections`,
        `/devices/${device}/vitals?from=${now - 3_600_000}&to=${now}`,
        `/search?q=${encodeURIComponent(text)}`.slice(0, 500),
        `/alerts?q=${encodeURIComponent(text)}`.slice(0, 500),
      ]
    })
    for (const { id } of alerts) paths.push(`/alerts/${id}`, `/alerts/${id}/timeline`, `/alerts/${id}/signals`)
    for (const path of paths.map((one) => one.replace(/%[0-9A-F]?$/, ''))) {
      const { status, headers, text, body } = await admin.ask('GET', path)
      expect(status, `${path}: ${text}`).toBeLessThan(500)
      expect(headers.get('content-type'), path).toMatch(/^application\/(problem\+)?json/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.getSetCookie()).toEqual([])
      expect(body).not.toBeNull()
    }
    for (const { device, text } of devices) {
      const detail = await admin.get<DeviceDetail>(`/devices/${device}`)
      const cut = text.length > 256 ? null : text.toWellFormed()
      expect(detail.asset.firmware).toBe(cut)
      expect(detail.latest.map(({ vital }) => vital)).toEqual(expect.arrayContaining(['hr', ...Object.keys(oddVitals)]))
    }
  })

  it.each(['ocsf', 'fhir'])('an export as %s is a file of JSON', async (format) => {
    const whole = await admin.ask<unknown>('GET', `/alerts/export?format=${format}`)
    expect(whole.headers.get('content-type')).toMatch(/^application\/(fhir\+)?json/)
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/)
    expect(JSON.stringify(JSON.parse(whole.text))).toContain('window.__pwned=1')
    const lines = await admin.ask('GET', `/alerts/export?format=${format}&as=ndjson`)
    expect(lines.headers.get('content-type')).toMatch(/ndjson/)
    const documents = lines.text.trimEnd().split('\n')
    expect(documents).toHaveLength(alerts.length)
    for (const line of documents) JSON.parse(line)
  })

  it('SQL in any parameter of any query finds nothing and breaks nothing', async () => {
    const before = await queryRows(data, 'SELECT count() AS n FROM readings')
    const extremes = ['-1', '0.5', '1e308', '-1e308', '9007199254740993', 'Infinity', '0x10', '']
    const fragments = [
      ...extremes,
      "zz'; DROP TABLE readings; --",
      "zz') OR 1=1 --",
      'zz" UNION ALL SELECT name FROM system.tables FORMAT JSON',
      'zz\\',
      '{zz:String}',
    ]
    for (const [id, route] of Object.entries(routes) as [string, Route][]) {
      if (route.method !== 'GET' || id === 'events') continue
      const parameters = route.query instanceof z.ZodObject ? Object.keys(route.query.shape) : []
      for (const fragment of fragments) {
        const text = encodeURIComponent(fragment)
        const real = route.path.replace('{id}', alerts[0]!.id).replace('{device}', 'evil-0')
        const needed = id === 'search' ? 'q=zz' : id === 'alertSparks' ? `ids=${alerts[0]!.id}` : id === 'deviceVitals' ? 'from=1&to=2' : ''
        const asked = [
          ...(route.path.includes('{') ? [`${route.path.replace(/\{\w+\}/, text)}?${needed}`] : []),
          ...parameters.map((name) => `${real}?${[needed.replace(new RegExp(`\\b${name}=[^&]*`), ''), `${name}=${text}`].join('&')}`),
        ]
        for (const path of asked) {
          const { status, text: answer, body } = await admin.ask<Record<string, unknown> | null>('GET', path)
          expect(status, `${path}: ${answer}`).toBeLessThan(500)
          expect(answer).not.toMatch(/DB::|ClickHouse|SyntaxError|system\.tables.*readings/)
          // A number may be one of a filter; a cursor that is none may be answered with the first page.
          if (status !== 200 || extremes.includes(fragment) || path.includes(`cursor=${text}`)) continue
          // A vital that was asked for has a plot, with nothing in it.
          const found = Object.values(body ?? {}).filter((value) =>
            Array.isArray(value) ? value.some((one: { values?: unknown[] }) => one.values?.every((at) => at === null) !== true) : false,
          )
          expect(found, `${path} found something`).toEqual([])
        }
      }
    }
    expect(await queryRows(data, 'SELECT count() AS n FROM readings')).toEqual(before)
  })

  describe.skipIf(noBrowser !== null)(`in Chromium${noBrowser === null ? '' : ` (${noBrowser})`}`, () => {
    let browser: Browser
    let page: Page
    let complaints: readonly string[]
    const dialogs: string[] = []

    beforeAll(async () => {
      const context = await (browser = await openBrowser()).newContext({ viewport: { width: 1440, height: 900 } })
      page = await context.newPage()
      complaints = complaintsOf(page)
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message())
        void dialog.dismiss()
      })
      const { url } = await admin.post<{ url: string }>('/accounts/admin/link')
      await page.goto(url)
      await page.locator('[data-live=live]').waitFor()
    })
    afterAll(() => browser?.close())

    /** What must never be in the page: an element or an attribute that only a text could have brought. */
    const intruders = (): Promise<unknown> =>
      page.evaluate(`[
        typeof window.__pwned, typeof ({}).__pwned,
        document.querySelectorAll('script:not([src]), iframe, img[src=x], svg[onload], [onerror], [onload], [onmouseover]').length,
        [...document.querySelectorAll('a[href]')].filter(({ protocol }) => !/^https?:$/.test(protocol)).length,
        document.title.includes('pwned'),
      ]`)
    const inert = ['undefined', 'undefined', 0, 0, false]
    const see = async (path: string, text: string | RegExp): Promise<void> => {
      await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`)
      await page.getByText(text).first().waitFor({ timeout: 10_000 })
      expect(await intruders(), path).toEqual(inert)
    }

    it('the queue and every alert', async () => {
      await see('/alerts', /window\.__pwned=1/)
      await page.locator('[role=row][data-id]').first().waitFor()
      for (const alert of alerts.filter(({ detector }) => detector === 'topic-abuse'))
        await see(`/alerts/${alert.id}`, `${alert.device} was denied`)
    })
    it('every tab of every device', async () => {
      for (const { device, text } of devices) await see(`/devices/${device}`, text.startsWith('<script>') ? text : 'constructor')
      for (const { device } of devices.slice(0, 3)) {
        await see(`/devices/${device}?tab=connections`, /client-id-mismatch|client id/i)
        await see(`/devices/${device}?tab=vitals`, 'javascript:alert(1)')
        await see(`/devices/${device}?tab=alerts`, /topic abuse/i)
      }
    })
    it('the list of devices, settings, the pipeline and the search', async () => {
      await see('/devices', 'evil-0')
      await see('/settings/suppressions', /window\.__pwned=1/)
      await see('/settings/tokens', /window\.__pwned=1/)
      await see('/settings/accounts', 'eve')
      await see('/pipeline', 'Detectors')
      for (const text of hostileTexts.slice(0, 4)) {
        await page.keyboard.press('Control+k')
        await page.getByRole('dialog').waitFor()
        await page.keyboard.insertText(text.slice(0, 30))
        await page.waitForTimeout(250)
        expect(await intruders()).toEqual(inert)
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
    })
    it('no script has run, no dialog has opened, the CSP had nothing to stop', () => {
      expect(dialogs).toEqual([])
      expect(complaints).toEqual([])
    })
  })
})
