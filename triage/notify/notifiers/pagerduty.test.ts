import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HttpReceiver, startHttpReceiver, status } from '../testing/http-receiver.ts'
import { hostile, messageOf } from '../testing/messages.ts'
import { noonMs } from '../testing/pager.ts'
import { createPagerDutyNotifier } from './pagerduty.ts'

const pagerDuty = createPagerDutyNotifier({ clock: { now: () => noonMs } })
const never = new AbortController().signal

describe('PagerDuty Events v2', () => {
  let server: HttpReceiver
  beforeAll(async () => {
    server = await startHttpReceiver()
  })
  afterAll(() => server.stop())
  beforeEach(() => server.answer(status(202, {}, '{"status":"success"}')))
  const send = (message = messageOf()) =>
    pagerDuty.send(message, { kind: 'pagerduty', routingKey: 'R'.repeat(32), url: `${server.url}/v2/enqueue` }, never)
  const last = () => JSON.parse(server.received.at(-1)!.body) as Record<string, unknown>

  it('a page for many alerts is an incident of its own, not of the worst of them', async () => {
    const storm = { alerts: 33, critical: 1, high: 32, medium: 0, low: 0 }
    await send(messageOf({}, { kind: 'storm', storm, id: 'storm-1', rule: null }))
    expect(last()).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'storm-1',
      payload: {
        summary:
          'CRITICAL 33 more alerts, too many to page one by one: 1 critical, 32 high. The worst: Replay on AL-1-device (north): a reading came twice',
        custom_details: { storm },
      },
    })
  })
  it('a page triggers an incident of the alert', async () => {
    expect(await send()).toEqual({ outcome: 'sent', warning: null })
    expect(server.received.at(-1)!.path).toBe('/v2/enqueue')
    expect(last()).toEqual({
      routing_key: 'R'.repeat(32),
      event_action: 'trigger',
      dedup_key: 'AL-1',
      client: 'Wardwatch',
      client_url: 'https://ward.example/alerts/AL-1',
      links: [{ href: 'https://ward.example/alerts/AL-1', text: 'AL-1 in Wardwatch' }],
      payload: {
        summary: 'CRITICAL Replay on AL-1-device (north): a reading came twice',
        source: 'AL-1-device',
        severity: 'critical',
        timestamp: '2026-03-02T12:00:00.000Z',
        component: 'replay',
        group: 'north',
        class: 'Replay',
        custom_details: {
          alert: 'AL-1',
          findings: 1,
          score: 0.9,
          why: 'a reading came twice',
          evidence: [],
          attack: ['T0856'],
          rule: 'critical, step 1 of 1',
          page: '0123456789abcdef0123456789abcdef',
        },
      },
    })
  })

  it('every severity has one of theirs', async () => {
    const theirs: Record<string, string> = { critical: 'critical', high: 'error', medium: 'warning', low: 'info' }
    for (const severity of ['critical', 'high', 'medium', 'low'] as const) {
      await send(messageOf({ severity }))
      expect(last()).toMatchObject({ payload: { severity: theirs[severity] } })
    }
  })

  it('acknowledged and closed follow under the same key, and say no more', async () => {
    for (const [kind, event_action] of [
      ['acknowledged', 'acknowledge'],
      ['closed', 'resolve'],
    ] as const) {
      await send(messageOf({}, { kind }))
      expect(last()).toEqual({ routing_key: 'R'.repeat(32), event_action, dedup_key: 'AL-1' })
    }
  })

  it('a test leaves no incident open', async () => {
    await send(messageOf({}, { kind: 'test' }))
    const actions = server.received.slice(-2).map(({ body }) => (JSON.parse(body) as { event_action: string }).event_action)
    expect(actions).toEqual(['trigger', 'resolve'])
  })

  it('the summary is within the limit, whatever a device is called', async () => {
    await send(messageOf({ ...hostile(), why: '😀'.repeat(5_000) }))
    const { payload } = last() as { payload: { summary: string } }
    expect(payload.summary.length).toBeLessThanOrEqual(1_024)
    expect(payload.summary.isWellFormed()).toBe(true)
  })

  it('a wrong key is refused for good and not told', async () => {
    server.answer(status(400, {}, `{"errors":["routing_key ${'R'.repeat(32)}"]}`))
    const sent = await send()
    expect(sent).toMatchObject({ outcome: 'refused' })
    expect(JSON.stringify(sent)).not.toContain('RRR')
    server.answer(status(429))
    expect(await send()).toMatchObject({ outcome: 'retry' })
  })
})
