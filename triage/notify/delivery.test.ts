import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import { systemClock } from '../../contracts/clock.ts'
import { type LogMemory, openMemoryLog } from '../../stream/memory-log.ts'
import { type Paging, startPaging } from './start-paging.ts'
import { createFakeDesk, type FakeDesk } from './testing/fake-desk.ts'
import { type HttpReceiver, type Received, startHttpReceiver, status } from './testing/http-receiver.ts'
import { ruleOf } from './testing/pager.ts'
import { type SmtpReceiver, startSmtpReceiver } from './testing/smtp-receiver.ts'

/** Everything real but triage: the clock, the servers, the notifiers. The times of a minute's outage are shortened a hundredfold. */
describe('a page goes out for real', () => {
  let server: HttpReceiver
  let mail: SmtpReceiver
  let desk: FakeDesk
  let memory: LogMemory
  let paging: Paging
  const start = () =>
    startPaging({
      log: openMemoryLog(memory),
      desk,
      logger: silentLogger,
      timeZone: 'UTC',
      settings: { retryFirstMs: 10, retryMaxMs: 300, sendTimeoutMs: 1_000, deadAfterMs: 1_800, closeGraceMs: 200 },
    })
  beforeEach(async () => {
    server = await startHttpReceiver()
    mail = await startSmtpReceiver({ hideSTARTTLS: true, authOptional: true })
    desk = createFakeDesk(systemClock)
    memory = new Map()
    paging = await start()
    await paging.putNotifier('ana', 'hook', {
      title: 'Hook',
      enabled: true,
      settings: { kind: 'webhook', url: `${server.url}/hook`, secret: 's' },
    })
    await paging.putNotifier('ana', 'mail', {
      title: 'Mail',
      enabled: true,
      settings: {
        kind: 'email',
        host: '127.0.0.1',
        port: mail.port,
        tls: 'none',
        user: null,
        password: null,
        from: 'w@h.example',
        to: ['o@h.example'],
      },
    })
    await paging.putRules('ana', [ruleOf('critical', { steps: [{ notifiers: ['hook'], afterMinutes: 0 }] })])
  })
  afterEach(async () => {
    await paging.close()
    await server.stop()
    await mail.close()
  })
  const keysOf = (received: readonly Received[]) => received.map(({ headers }) => headers['idempotency-key'])
  const untilWaiting = async (waiting: number): Promise<void> => {
    while (paging.stats()['waiting'] !== waiting) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  it('within 5 s of the finding', { timeout: 5_000 }, async () => {
    desk.find('a')
    await server.until((received) => received.length > 0)
    expect(JSON.parse(server.received[0]!.body)).toMatchObject({ alert: { id: 'a', severity: 'critical' } })
  })

  it('its server is away for a minute: it arrives once', async () => {
    await server.stop()
    desk.find('a')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(paging.notifiers()[0]).toMatchObject({ health: 'failing', waiting: 1 })
    await server.start()
    await server.until((received) => received.length > 0)
    await untilWaiting(0)
    expect(server.received).toHaveLength(1)
    expect(paging.notifiers()[0]).toMatchObject({ health: 'alive', waiting: 0 })
  })

  it('its server is away and paging is started again meanwhile: it arrives once', async () => {
    await server.stop()
    desk.find('a')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await paging.close()
    paging = await start()
    await server.start()
    await server.until((received) => received.length > 0)
    await untilWaiting(0)
    await paging.close()
    paging = await start()
    desk.find('a')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.received).toHaveLength(1)
  })

  it('its server is killed before it answers: the repeat has the same key', async () => {
    server.answer((response) => void response.socket?.destroy())
    desk.find('a')
    await server.until((received) => received.length > 0)
    server.answer(status(200))
    await untilWaiting(0)
    expect(server.received.length).toBeGreaterThan(1)
    expect(new Set(keysOf(server.received)).size).toBe(1)
  })

  it('busy and then well: once', async () => {
    server.answer(status(503))
    desk.find('a')
    await server.until((received) => received.length > 2)
    server.answer(status(202))
    await untilWaiting(0)
    expect(new Set(keysOf(server.received)).size).toBe(1)
    expect(paging.pages()[0]).toMatchObject({ state: 'sent' })
  })

  it('a dead channel is told by mail', async () => {
    await paging.putRules('ana', [ruleOf('critical', { steps: [{ notifiers: ['hook', 'mail'], afterMinutes: 0 }] })])
    await server.stop()
    desk.find('a')
    while (mail.mails.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(mail.mails[1]!.raw).toContain('Paging channel is dead on channel:hook')
    expect(desk.raised).toHaveLength(1)
    await server.start()
    await server.until((received) => received.length > 0)
  })

  it('a test goes out at once and leaves no page behind', async () => {
    expect(await paging.test('hook')).toEqual({ ok: true, problem: null })
    expect(await paging.test('mail')).toEqual({ ok: true, problem: null })
    expect(await paging.test('nobody')).toEqual({ ok: false, problem: 'there is no notifier nobody' })
    expect(JSON.parse(server.received[0]!.body)).toMatchObject({ kind: 'test' })
    expect(mail.mails[0]!.raw).toContain('TEST Test page on mail')
    expect(paging.pages()).toEqual([])
    server.answer(status(404))
    expect(await paging.test('hook')).toEqual({ ok: false, problem: 'it refused the page: 404' })
  })
})
