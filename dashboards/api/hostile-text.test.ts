import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleAlert } from '../testing/sample-alert.ts'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'

// Every text that a device controls: its name, topic, firmware, the names of its vitals, and with them title, why and evidence of its alerts.
const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; DROP TABLE readings; --",
  "' OR '1'='1",
  '${7*7}{{7*7}}',
  'a\r\nset-cookie: wardwatch-session=x\r\n\r\n<h1>',
  'event: reset\ndata: {}\n\n',
  '\u2028\u2029\u0000\u001b[31m',
  '../../../etc/passwd',
  '%00%0d%0a',
  '\u202e\ud800',
] as const

const folder = mkdtempSync(join(tmpdir(), 'ww-console-'))
const dist = join(folder, 'dist')
let desk: TestDesk
let port: number
beforeAll(async () => {
  mkdirSync(join(dist, 'assets'), { recursive: true })
  writeFileSync(join(dist, 'index.html'), '<!doctype html><title>Wardwatch</title>')
  writeFileSync(join(dist, 'assets', 'index-abc123.js'), 'export {}')
  writeFileSync(join(dist, '.env'), 'SECRET=1')
  writeFileSync(join(folder, 'secret.txt'), 'SECRET=2')
  desk = await createTestDesk({ consoleDirectory: dist })
  hostile.forEach((text, i) =>
    desk.parts.desk.put(
      sampleAlert({
        id: `h${i}`,
        openedAt: desk.clock.nowMs,
        device: text,
        site: text,
        title: text,
        why: text,
        detector: text.slice(0, 60),
        attack: [text],
        evidence: [{ feature: text, observed: text, expected: 1, unit: text }],
      }),
    ),
  )
  port = await desk.api.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await desk.close()
  rmSync(folder, { recursive: true })
})

const get = (url: string) => desk.as(desk.browsers.analyst, { url })

describe("a device's text ends as inert text", () => {
  it.each(hostile.map((text, i) => [i, text] as const))('%i: in JSON that is called JSON', async (i, text) => {
    for (const url of [
      `/api/v1/alerts/h${i}`,
      `/api/v1/alerts/h${i}/timeline`,
      '/api/v1/alerts',
      `/api/v1/search?q=${encodeURIComponent(text.isWellFormed() ? text : 'x')}`,
    ]) {
      const response = await get(url)
      expect(response.statusCode, response.body).toBe(200)
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(response.headers['x-content-type-options']).toBe('nosniff')
      expect(response.cookies).toEqual([])
    }
    const { alert } = (await get(`/api/v1/alerts/h${i}`)).json<{ alert: { device: string; why: string } }>()
    expect(alert.device).toBe(text.toWellFormed() === text ? text : alert.device)
    expect(alert.why).toBe(alert.device)
  })
  it.each(['ocsf', 'fhir'])('in an export as %s: each line is one document', async (format) => {
    const response = await get(`/api/v1/alerts/export?format=${format}&as=ndjson`)
    const lines = response.body.trimEnd().split('\n')
    expect(lines).toHaveLength(hostile.length)
    for (const line of lines) JSON.parse(line)
    expect(response.headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]+"$/)
  })
  it.each(hostile.filter((text) => text.isWellFormed()))('as a parameter: %j', async (text) => {
    const name = encodeURIComponent(text)
    for (const url of [
      `/api/v1/alerts/${name}`,
      `/api/v1/devices/${name}`,
      `/api/v1/devices/${name}/vitals?from=1&to=2&vitals=${name}`,
      `/api/v1/devices/${name}/connections?cursor=${name}`,
      `/api/v1/alerts?q=${name}&device=${name}&site=${name}&detector=${name}&cursor=${name}`,
      `/api/v1/devices?q=${name}&cursor=${name}`,
      `/api/v1/alerts/sparks?ids=${name}`,
    ]) {
      const response = await get(url)
      expect(response.statusCode, `${url} ${response.body}`).toBeLessThan(500)
      expect(response.headers['content-type']).toMatch(/^application\/(problem\+)?json/)
      expect(response.cookies).toEqual([])
      expect(response.headers['x-request-id']).toMatch(/^[\w-]+$/)
    }
  })
  it('in the stream it can not end an event and begin another', async () => {
    const controller = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/events`, {
      headers: { cookie: desk.browsers.analyst.cookie, 'last-event-id': '0' },
      signal: controller.signal,
    })
    let text = ''
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8')
      if (text.includes('event: summary')) break
    }
    controller.abort()
    const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)
    expect(names.filter((name) => name === 'alert')).toHaveLength(hostile.length)
    expect(names).not.toContain('reset')
  })
})

describe('the files of the console', () => {
  const file = (url: string) => desk.ask({ url })
  it.each(['/', '/alerts', '/alerts/a1', '/devices/pump-0001', '/sign-in', '/settings/accounts'])('%s is the first page', async (url) => {
    const response = await file(url)
    expect(response.statusCode).toBe(200)
    expect(response.body).toContain('<title>Wardwatch')
    expect(response.headers['content-type']).toMatch(/^text\/html/)
    expect(response.headers['cache-control']).toBe('no-cache')
  })
  it('hashed assets are kept for ever', async () => {
    const response = await file('/assets/index-abc123.js')
    expect(response.headers['cache-control']).toContain('immutable')
    expect(response.headers['content-type']).toMatch(/javascript/)
  })
  it('a missing asset is a 404 and not the first page', async () => expect((await file('/assets/gone.js')).statusCode).toBe(404))
  it('what every answer carries', async () => {
    for (const response of [
      await file('/'),
      await file('/assets/index-abc123.js'),
      await file('/api/v1/alerts'),
      await file('/api/nothing'),
    ]) {
      const policy = String(response.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toMatch(/unsafe|\*|http/)
      expect(response.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
      })
    }
    expect((await file('/api/v1/alerts')).headers['cache-control']).toBe('no-store')
  })
  /** As it is, over a socket: a client library would tidy the path. */
  const raw = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
      )
      let answer = ''
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })
  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/....//secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/..;/secret.txt',
    '/.env',
    '/assets/../.env',
    '/%2eenv',
    '//etc/passwd',
    '/%00.txt',
    '/secret.txt%00.js',
    '\\..\\secret.txt',
  ])('path traversal: %s shows nothing', async (path) => {
    const answer = await raw(path)
    expect(answer).not.toContain('SECRET')
    expect(answer).not.toContain('root:')
    expect(answer).not.toMatch(/^HTTP\/1\.1 5/)
  })
})
