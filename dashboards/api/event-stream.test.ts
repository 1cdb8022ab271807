import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { streamEvents } from '../../contracts/api/events.ts'
import { type EventReader, readEvents } from '../testing/event-reader.ts'
import { sampleAlert } from '../testing/sample-alert.ts'
import { createTestDesk, type TestDesk } from '../testing/test-desk.ts'

let desk: TestDesk
let base: string
const readers: EventReader[] = []
const start = async (limits = {}): Promise<void> => {
  desk = await createTestDesk({ limits })
  base = `http://127.0.0.1:${await desk.api.listen({ host: '127.0.0.1', port: 0 })}`
}
beforeEach(() => start())
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await desk.close()
})

const open = async (headers: Record<string, string> = {}): Promise<EventReader> => {
  const reader = await readEvents(`${base}/api/v1/events`, { cookie: desk.browsers.analyst.cookie, ...headers })
  readers.push(reader)
  return reader
}
const put = (id: string, change = {}) => desk.parts.desk.put(sampleAlert({ id, openedAt: desk.clock.nowMs, ...change }))

describe('the stream', () => {
  it('begins at once, with all that is no event, in the shapes of the contract', async () => {
    put('a1')
    const reader = await open()
    expect(reader.status).toBe(200)
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'no-store',
    })
    expect(reader.headers['content-security-policy']).toContain("default-src 'none'")
    for (const name of ['heartbeat', 'pipeline', 'summary'] as const)
      streamEvents[name].strict().parse((await reader.until(({ event }) => event === name)).data)
    put('a2')
    const { data, id } = await reader.until(({ event }) => event === 'alert')
    streamEvents.alert.parse(data)
    expect(id).toBe('2')
  })
  it('is for those who are signed in', async () => {
    const reader = await readEvents(`${base}/api/v1/events`, {})
    expect(reader.status).toBe(401)
    reader.close()
  })
  it("shows a colleague's change within a second", async () => {
    put('a1')
    const reader = await open()
    const other = await open({ cookie: desk.browsers.viewer.cookie })
    await desk.as(desk.browsers.responder, { method: 'POST', url: '/api/v1/alerts/a1/acknowledge', headers: { 'if-match': '"1"' } })
    const beganAt = performance.now()
    for (const one of [reader, other]) {
      const { data } = await one.until(({ event }) => event === 'alert')
      expect(data).toMatchObject({
        alert: { id: 'a1', state: 'acknowledged', owner: 'responder' },
        event: { type: 'alert.acknowledged', actor: 'responder' },
      })
    }
    expect(performance.now() - beganAt).toBeLessThan(1_000)
  })
  it('counts `mine` for who listens', async () => {
    put('a1')
    const mine = await open({ cookie: desk.browsers.responder.cookie })
    const others = await open()
    await desk.as(desk.browsers.responder, { method: 'POST', url: '/api/v1/alerts/a1/acknowledge', headers: { 'if-match': '"1"' } })
    await mine.until(({ event, data }) => event === 'summary' && data.tabs.mine === 1)
    const latest = await others.until(({ event, data }) => event === 'summary' && data.sequence === 2)
    expect(latest.data.tabs).toEqual({ triage: 1, mine: 0, snoozed: 0, closed: 0 })
  })
  it('a storm of findings on one alert is told as its newest', async () => {
    put('a1')
    const reader = await open()
    for (let count = 2; count <= 500; count++) put('a1', { ...desk.parts.desk.alert('a1'), count })
    await reader.until(({ event, data }) => event === 'alert' && data.alert.count === 500)
    expect(reader.events.filter(({ event }) => event === 'alert').length).toBeLessThan(20)
  })
})

describe('coming back', () => {
  it('brings what was missed, in order, once', async () => {
    for (let n = 1; n <= 5; n++) put(`a${n}`)
    const reader = await open({ 'last-event-id': '2' })
    await reader.until(({ id }) => id === '5')
    put('a6')
    await reader.until(({ id }) => id === '6')
    expect(reader.events.filter(({ event }) => event === 'alert').map(({ id }) => id)).toEqual(['3', '4', '5', '6'])
  })
  it.each([
    ['from another chain', '999'],
    ['too long ago', '1'],
  ])('%s is a reset: everything is fetched anew', async (_what, lastEventId) => {
    await desk.close()
    await start({ replayEventsMax: 3 })
    for (let n = 1; n <= 10; n++) put(`a${n}`)
    const reader = await open({ 'last-event-id': lastEventId })
    const reset = await reader.until(({ event }) => event === 'reset')
    expect(reset.data).toEqual({ sequence: 10 })
    // The id with which the client comes back the next time.
    expect(reset.id).toBe('10')
    expect(reader.events.filter(({ event }) => event === 'alert')).toEqual([])
  })
  it('a nonsense id begins anew', async () => {
    put('a1')
    const reader = await open({ 'last-event-id': 'x; DROP' })
    await reader.until(({ event }) => event === 'summary')
    expect(reader.events.some(({ event }) => event === 'alert' || event === 'reset')).toBe(false)
  })
  it('what waited to be sent when somebody joined reaches everybody once', async () => {
    const early = await open()
    put('a1')
    const late = await open({ 'last-event-id': '0' })
    for (const reader of [early, late]) {
      await reader.until(({ id }) => id === '1')
      put(`b${readers.indexOf(reader)}`)
      await reader.until(({ id }) => id === String(desk.parts.desk.sequence))
      expect(reader.events.filter(({ id }) => id === '1')).toHaveLength(1)
    }
  })
})

describe('bounds', () => {
  it('a reader that does not read is dropped and holds nobody up', async () => {
    await desk.close()
    await start({ streamBufferBytesMax: 65_536 })
    const slow = await open()
    const quick = await open()
    await slow.until(({ event }) => event === 'summary')
    slow.pause()
    let n = 0
    while (desk.api.stats()['streamsDropped'] === 0 && n < 4_000) {
      for (let i = 0; i < 20; i++) put(`a${++n}`, { why: 'x'.repeat(4_000) })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(desk.api.stats()).toMatchObject({ streamsDropped: 1, streams: 1 })
    await quick.until(({ id }) => id === String(n))
    slow.resume()
    await slow.ended
  })
  it('a session has so many streams and no more', async () => {
    await desk.close()
    await start({ streamsPerSessionMax: 2 })
    await open()
    const second = await open()
    expect((await open()).status).toBe(503)
    expect((await open({ cookie: desk.browsers.viewer.cookie })).status).toBe(200)
    second.close()
    await expect.poll(() => desk.api.stats()['streams']).toBe(2)
    expect((await open()).status).toBe(200)
  })
  it.each([
    ['is signed out', () => desk.as(desk.browsers.analyst, { method: 'DELETE', url: '/api/v1/session' })],
    ['is disabled', () => desk.parts.accounts.people.change('admin', 'analyst', { disabled: true })],
    ['gets another role', () => desk.parts.accounts.people.change('admin', 'analyst', { role: 'viewer' })],
    ['has rested too long', async () => void (desk.clock.nowMs += 8 * 3_600_000)],
  ])('ends when the session %s', async (_what, end) => {
    const reader = await open()
    await end()
    await reader.ended
    expect(desk.api.stats()['streams']).toBe(0)
  })
  it('200 listeners cost a serialisation an event', async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => open()))
    const stringify = JSON.stringify
    let made = 0
    JSON.stringify = ((...args: Parameters<typeof stringify>) => {
      if (typeof args[0] === 'object' && args[0] !== null && 'alert' in args[0]) made++
      return stringify(...args)
    }) as typeof stringify
    try {
      for (let n = 1; n <= 50; n++) put(`a${n}`)
      await Promise.all(all.map((reader) => reader.until(({ id }) => id === '50')))
    } finally {
      JSON.stringify = stringify
    }
    expect(made).toBe(50)
    for (const reader of all) expect(reader.events.filter(({ event }) => event === 'alert')).toHaveLength(50)
  })
})
