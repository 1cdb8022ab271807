import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpReceiver, startHttpReceiver, status } from '../testing/http-receiver.ts'
import { hostile, messageOf } from '../testing/messages.ts'
import { noonMs } from '../testing/pager.ts'
import { createSlackNotifier, escapeSlack } from './slack.ts'

const slack = createSlackNotifier({ clock: { now: () => noonMs } })
const never = new AbortController().signal

/** Every text object of the blocks. */
const textsIn = (value: unknown): { type: string; text: string }[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = 'type' in value && 'text' in value && typeof value.text === 'string' ? [value as { type: string; text: string }] : []
  return [...own, ...Object.values(value).flatMap(textsIn)]
}

describe('Slack', () => {
  let server: HttpReceiver
  beforeAll(async () => {
    server = await startHttpReceiver()
  })
  afterAll(() => server.stop())
  const send = (message = messageOf()) => slack.send(message, { kind: 'slack', url: `${server.url}/services/T/B/token` }, never)
  const last = () => JSON.parse(server.received.at(-1)!.body) as { text: string; blocks: { type: string }[] }

  it('a page has a headline, the reason and a way to the alert', async () => {
    expect(await send()).toEqual({ outcome: 'sent', warning: null })
    expect(last().text).toBe('CRITICAL Replay on AL-1-device (north): a reading came twice')
    expect(last().blocks.map(({ type }) => type)).toEqual(['header', 'section', 'context', 'actions'])
    expect(last()).toMatchObject({ link_names: false, unfurl_links: false, parse: 'none' })
  })

  it('a device can mention nobody, link nowhere and mark nothing up', async () => {
    await send(messageOf(hostile()))
    const { text, blocks } = last()
    expect(text).toContain('&lt;!channel&gt; &amp; &lt;@U012|x&gt;')
    expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
    const texts = textsIn(blocks)
    expect(texts.length).toBeGreaterThan(3)
    for (const one of texts) {
      expect(one.type).toBe('plain_text')
      expect(one.text).not.toMatch(/[\p{Cc}\p{Cf}]|:\/\//u)
    }
  })

  it('stays within the limits of blocks', async () => {
    const evidence = Array.from({ length: 40 }, () => ({
      feature: 'f'.repeat(999),
      observed: 1,
      expected: 'e'.repeat(999),
      unit: 'u'.repeat(999),
    }))
    await send(messageOf({ title: 't'.repeat(999), device: 'd'.repeat(999), why: 'w'.repeat(9_999), evidence }))
    for (const { text } of textsIn(last().blocks)) expect(text.length).toBeLessThanOrEqual(2_000)
    expect(textsIn(last().blocks)[0]!.text.length).toBeLessThanOrEqual(150)
    expect((last().blocks[2] as unknown as { fields: unknown[] }).fields.length).toBeLessThanOrEqual(10)
  })

  it('its address is a secret: no problem tells it', async () => {
    server.answer(status(404, {}, 'no_service'))
    const refused = await send()
    expect(refused).toMatchObject({ outcome: 'refused' })
    await server.stop()
    const away = await send()
    expect(away).toMatchObject({ outcome: 'retry' })
    for (const sent of [refused, away]) expect(JSON.stringify(sent)).not.toMatch(/token|services|127/)
    await server.start()
  })

  it('escapes once', () => expect(escapeSlack('a&lt;<b>')).toBe('a&amp;lt;&lt;b&gt;'))
})
