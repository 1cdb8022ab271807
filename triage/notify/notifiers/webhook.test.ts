import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../contracts/clock.ts'
import { type HttpReceiver, startHttpReceiver, status } from '../testing/http-receiver.ts'
import { hostile, messageOf } from '../testing/messages.ts'
import { noonMs } from '../testing/pager.ts'
import { createWebhookNotifier } from './webhook.ts'

const secret = 'käse & <hmac>'
const webhook = createWebhookNotifier({ clock: { now: () => noonMs + 999 } })
const never = new AbortController().signal

describe('the webhook', () => {
  let server: HttpReceiver
  beforeAll(async () => {
    server = await startHttpReceiver()
  })
  afterAll(() => server.stop())
  const send = (message = messageOf(), signal = never) =>
    webhook.send(message, { kind: 'webhook', url: `${server.url}/hook`, secret }, signal)

  it('is signed over time and body, and keyed by the page', async () => {
    expect(await send()).toEqual({ outcome: 'sent', warning: null })
    const { headers, body, path } = server.received.at(-1)!
    expect(path).toBe('/hook')
    // As docs/paging.md tells a receiver to do it.
    const timestamp = String(headers['wardwatch-timestamp'])
    const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest()
    const given = Buffer.from(String(headers['wardwatch-signature']).replace('v1=', ''), 'hex')
    expect(given.length).toBe(32)
    expect(timingSafeEqual(given, expected)).toBe(true)
    expect(timestamp).toBe(String(noonMs / 1_000))
    expect(headers['idempotency-key']).toBe('0123456789abcdef0123456789abcdef')
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toMatchObject({
      version: 1,
      id: '0123456789abcdef0123456789abcdef',
      kind: 'page',
      rule: { title: 'critical', step: 0, steps: 1 },
      alert: { id: 'AL-1', severity: 'critical', device: 'AL-1-device', openedAt: '2026-03-02T12:00:00.000Z' },
      link: 'https://ward.example/alerts/AL-1',
    })
  })

  it('is verified by the example of docs/paging.md, which refuses what was changed or is old', async () => {
    const example = /```js\n([\s\S]*?)```/.exec(readFileSync(new URL('../../../docs/paging.md', import.meta.url), 'utf8'))![1]!
    // oxlint-disable-next-line typescript/no-implied-eval -- it is our own documentation, and this is what a reader would do with it
    const verify = new Function('createHmac', 'timingSafeEqual', `${example}\nreturn verify`)(createHmac, timingSafeEqual) as (
      secret: string,
      headers: IncomingHttpHeaders,
      rawBody: Buffer,
    ) => boolean
    await createWebhookNotifier({ clock: systemClock }).send(messageOf(), { kind: 'webhook', url: server.url, secret }, never)
    const { headers, body } = server.received.at(-1)!
    expect(verify(secret, headers, Buffer.from(body))).toBe(true)
    expect(verify(secret, headers, Buffer.from(body.replace('critical', 'low')))).toBe(false)
    expect(verify('other', headers, Buffer.from(body))).toBe(false)
    expect(verify(secret, { ...headers, 'wardwatch-signature': 'v1=00' }, Buffer.from(body))).toBe(false)
    await send()
    const old = server.received.at(-1)!
    expect(verify(secret, old.headers, Buffer.from(old.body))).toBe(false)
  })

  it('a changed body or time does not match', async () => {
    await send()
    const { headers, body } = server.received.at(-1)!
    const signature = String(headers['wardwatch-signature'])
    const sign = (text: string) => `v1=${createHmac('sha256', secret).update(text).digest('hex')}`
    expect(sign(`${String(headers['wardwatch-timestamp'])}.${body.replace('critical', 'low')}`)).not.toBe(signature)
    expect(sign(`${Number(headers['wardwatch-timestamp']) + 1}.${body}`)).not.toBe(signature)
  })

  it('a hostile device stays inside its strings', async () => {
    await send(messageOf(hostile()))
    const { body } = server.received.at(-1)!
    const { alert } = JSON.parse(body) as { alert: { why: string } }
    expect(alert.why).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(Object.keys(JSON.parse(body) as object)).toEqual(['version', 'id', 'kind', 'at', 'rule', 'alert', 'link'])
  })

  const outcomes: Record<string, [number, Record<string, string>, object]> = {
    'no content is sent': [204, {}, { outcome: 'sent' }],
    'a busy server is tried again': [503, {}, { outcome: 'retry', problem: 'it answered 503', afterMs: null }],
    'too many, with a time in seconds': [429, { 'retry-after': '7' }, { outcome: 'retry', afterMs: 7_000 }],
    'too many, with a date': [429, { 'retry-after': new Date(noonMs + 30_000).toUTCString() }, { outcome: 'retry', afterMs: 30_000 - 999 }],
    'a time that nobody waits for': [503, { 'retry-after': '999999999' }, { outcome: 'retry', afterMs: 900_000 }],
    'a time that is none': [503, { 'retry-after': '-1; DROP' }, { outcome: 'retry', afterMs: null }],
    'the same key is being worked on': [409, {}, { outcome: 'retry' }],
    'a bad request is refused': [400, {}, { outcome: 'refused', problem: 'it refused the page: 400' }],
    'gone is refused': [410, {}, { outcome: 'refused' }],
    'a redirect is not followed': [307, { location: 'http://169.254.169.254/' }, { outcome: 'refused' }],
  }
  for (const [name, [code, headers, outcome]] of Object.entries(outcomes))
    it(name, async () => {
      const before = server.received.length
      server.answer(status(code, headers, 'the body repeats: käse & <hmac>'))
      const sent = await send()
      expect(sent).toMatchObject(outcome)
      expect(JSON.stringify(sent)).not.toContain('hmac')
      expect(server.received.length).toBe(before + 1)
      server.answer(status(200))
    })

  it('an endless answer is cut off', async () => {
    const closed = Promise.withResolvers<void>()
    server.answer((response) => {
      response.writeHead(200)
      const pour = setInterval(() => response.write(Buffer.alloc(65_536)), 1)
      response.on('close', () => (clearInterval(pour), closed.resolve()))
    })
    expect(await send()).toMatchObject({ outcome: 'sent' })
    await closed.promise
    server.answer(status(200))
  })

  it('a server that hangs is left', async () => {
    server.answer(() => {})
    expect(await send(messageOf(), AbortSignal.timeout(100))).toEqual({ outcome: 'retry', problem: 'no answer in time', afterMs: null })
    server.answer(status(200))
  })

  it('a server that is away is tried again, and its address is not told', async () => {
    const gone = await startHttpReceiver()
    await gone.stop()
    const sent = await webhook.send(messageOf(), { kind: 'webhook', url: `${gone.url}/token-in-path`, secret }, never)
    expect(sent).toMatchObject({ outcome: 'retry', problem: expect.stringMatching(/^it can not be reached \(\w+\)$/) as string })
  })

  it('a metadata service is not reached', async () => {
    for (const url of ['http://169.254.169.254/latest/meta-data', 'http://2852039166/', 'http://[::ffff:a9fe:a9fe]/', 'http://0/'])
      expect(await webhook.send(messageOf(), { kind: 'webhook', url, secret }, never)).toMatchObject({ outcome: 'refused' })
  })

  it('without a secret nothing is sent', async () => {
    expect(await webhook.send(messageOf(), { kind: 'webhook', url: server.url, secret: null }, never)).toMatchObject({ outcome: 'refused' })
  })
})
