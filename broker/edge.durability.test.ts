import { array, assert, asyncProperty, boolean, constantFrom, nat, record } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectFrame, frame, number16, openRaw, publishFrame, type RawClient, signIn } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})

const devices = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']
const topicOf = (device: string, leaf = 'telemetry'): string => `v1/${site}/${device}/${leaf}`

describe.each(runtimes)('PUBACK means durable, on $runtime', ({ program }) => {
  let edge: TestEdge
  const identities = new Map<string, TestIdentity>()
  const connectAs = (device: string, fields = {}): Promise<RawClient> => signIn(edge.port, identities.get(device)!, device, fields)

  beforeAll(async () => {
    for (const device of devices) identities.set(device, await world.authority.issue({ commonName: device, purpose: 'client' }))
    edge = await startTestEdge(
      program,
      world,
      devices.map((device) => testRecord(device, [identities.get(device)!.fingerprint])),
      {
        inFlightPerDeviceMax: 20,
        inFlightBytesMax: 65_536,
        logStallMs: 200,
        publishesPerSecondPerDeviceMax: 100_000,
        publishesBurstPerDeviceMax: 100_000,
      },
    )
  })
  afterAll(() => edge.stop())

  it('acknowledges what the log holds, with the bytes as they came', async () => {
    const client = await connectAs('alpha')
    client.send(publishFrame(topicOf('alpha'), Buffer.from([0, 255, 1, 254]), 1, 77, 8), publishFrame(topicOf('alpha', 'event'), '', 1, 78))
    expect(Buffer.concat([await client.packet(1), await client.packet(2)]).toString('hex')).toBe('4002004d4002004e')
    const [first, second] = edge.messages().filter(({ key }) => key === 'alpha')
    expect(first).toMatchObject({ leaf: 'telemetry', payload: '\u0000\u00ff\u0001\u00fe', dup: true, topic: 'observations.by-device.v1' })
    expect(second).toMatchObject({ leaf: 'event', payload: '', dup: false })
    client.socket.destroy()
  })

  it('acknowledges nothing while the log takes nothing, refuses who comes new, and loses nothing', async () => {
    const client = await connectAs('beta')
    await edge.mode('reject')
    client.send(...Array.from({ length: 100 }, (_, i) => publishFrame(topicOf('beta'), `kept ${i}`, 1, i + 1)))
    const newcomer = await openRaw(edge.port, identities.get('gamma')!)
    // The first failed append tells the edge; until then a newcomer may still be let in.
    for (;;) if ((await edge.stats()).logUnavailable !== null) break
    newcomer.send(connectFrame('gamma'))
    expect((await newcomer.packet(0))[3]).toBe(3)
    const stuck = await edge.stats()
    expect(stuck.logUnavailable).toBe('disk-full')
    // Back-pressure: the rest stays in the device's socket.
    expect(stuck.inFlight).toBe(20)
    expect(client.packets).toHaveLength(1)
    await edge.mode('ok')
    await client.packet(100)
    expect(client.packets.slice(1).map((packet) => packet.readUInt16BE(2))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    const kept = edge.messages().filter(({ payload }) => payload!.startsWith('kept'))
    expect(kept.map(({ payload }) => payload)).toEqual(Array.from({ length: 100 }, (_, i) => `kept ${i}`))
    await edge.observed('refused', ({ reason }) => reason === 'log-unavailable')
    client.socket.destroy()
  })

  it('treats a log that hangs like one that is away', async () => {
    const client = await connectAs('delta')
    await edge.mode('hang')
    client.send(publishFrame(topicOf('delta'), 'hung', 1, 5))
    for (;;) if ((await edge.stats()).logUnavailable === 'stalled') break
    const newcomer = await openRaw(edge.port, identities.get('gamma')!)
    newcomer.send(connectFrame('gamma'))
    expect((await newcomer.packet(0))[3]).toBe(3)
    expect(client.packets).toHaveLength(1)
    await edge.mode('ok')
    expect((await client.packet(1)).toString('hex')).toBe('40020005')
    client.socket.destroy()
  })

  it('keeps the bytes in flight bounded over all devices', async () => {
    const clients = await Promise.all(['alpha', 'beta', 'gamma', 'delta', 'epsilon'].map((device) => connectAs(device)))
    await edge.mode('hang')
    const payload = Buffer.alloc(4_000, 'x')
    const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']
    clients.forEach((client, i) =>
      client.send(...Array.from({ length: 40 }, (_, k) => publishFrame(topicOf(names[i]!), payload, 1, k + 1))),
    )
    for (;;) if ((await edge.stats()).inFlightBytes >= 65_536) break
    const { inFlightBytes } = await edge.stats()
    // Each session may go over by the one message that finds the edge full.
    expect(inFlightBytes).toBeLessThan(65_536 + 5 * 4_200)
    await edge.mode('slow')
    await Promise.all(clients.map((client) => client.packet(40)))
    await edge.mode('ok')
    for (const client of clients) client.socket.destroy()
  })

  it('acknowledges in the order of arrival, whatever the mix and however the bytes are cut', async () => {
    await edge.mode('slow')
    const client = await connectAs('epsilon')
    let seen = 1
    await assert(
      asyncProperty(
        array(record({ qos: constantFrom(0, 1, 1, 1, 2), own: boolean(), leaf: constantFrom('telemetry', 'event', 'status') }), {
          minLength: 1,
          maxLength: 15,
        }),
        array(nat({ max: 400 }), { maxLength: 6 }),
        async (messages, cuts) => {
          const frames = messages.map(({ qos, own, leaf }, i) =>
            publishFrame(own ? topicOf('epsilon', leaf) : topicOf('alpha'), `m${i}`, qos, i + 1),
          )
          const bytes = Buffer.concat(frames)
          let from = 0
          for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
            if (cut > from) client.send(bytes.subarray(from, cut))
            from = cut
            await new Promise((resolve) => setImmediate(resolve))
          }
          const expected = messages.flatMap(({ qos }, i) =>
            qos === 0 ? [] : [`${qos === 1 ? '40' : '50'}02${number16(i + 1).toString('hex')}`],
          )
          if (expected.length > 0) await client.packet(seen + expected.length - 1)
          expect(client.packets.slice(seen).map((packet) => packet.toString('hex'))).toEqual(expected)
          seen += expected.length
          const twice = messages.flatMap(({ qos }, i) => (qos === 2 ? [i + 1] : []))
          client.send(...twice.map((id) => frame(0x62, number16(id))))
          if (twice.length > 0) await client.packet(seen + twice.length - 1)
          seen += twice.length
        },
      ),
      { numRuns: 25, seed: 7 },
    )
    await edge.mode('ok')
    client.socket.destroy()
  })

  it('stores a QoS 2 message once, also when it is sent again after a reconnect of a kept session', async () => {
    const kept = { clean: false }
    const client = await connectAs('zeta', kept)
    const once = publishFrame(topicOf('zeta'), 'once', 2, 9)
    client.send(once, once)
    expect((await client.packet(1)).toString('hex')).toBe('50020009')
    client.socket.destroy()
    const again = await connectAs('zeta', kept)
    again.send(publishFrame(topicOf('zeta'), 'once', 2, 9, 8))
    expect((await again.packet(1)).toString('hex')).toBe('50020009')
    again.send(frame(0x62, number16(9)))
    expect((await again.packet(2)).toString('hex')).toBe('70020009')
    expect(edge.messages().filter(({ payload }) => payload === 'once')).toHaveLength(1)
    // Released: the id is free for the next message.
    again.send(publishFrame(topicOf('zeta'), 'next', 2, 9))
    await again.packet(3)
    expect(edge.messages().filter(({ payload }) => payload === 'next')).toHaveLength(1)
    again.socket.destroy()
  })

  it('stores QoS 0 without a word', async () => {
    const client = await connectAs('gamma')
    client.send(publishFrame(topicOf('gamma'), 'light', 0), publishFrame(topicOf('gamma'), 'heavy', 1, 3))
    await client.packet(1)
    expect(client.packets).toHaveLength(2)
    expect(edge.messages().filter(({ payload }) => payload === 'light')).toHaveLength(1)
    client.socket.destroy()
  })

  it('never lets record time go back within a partition, clock records included', () => {
    const latest = new Map<string, number>()
    for (const { topic, partition, receivedAt } of edge.records) {
      const place = `${topic}/${partition}`
      expect(receivedAt).toBeGreaterThanOrEqual(latest.get(place) ?? 0)
      latest.set(place, receivedAt)
    }
    const clocked = new Set(edge.records.filter(({ kind }) => kind === 'clock').map(({ topic, partition }) => `${topic}/${partition}`))
    expect(clocked.size).toBe(12)
  })

  it('closes within three seconds: what is durable is acknowledged, what the log does not take is not', async () => {
    const client = await connectAs('alpha')
    client.send(publishFrame(topicOf('alpha'), 'last words', 1, 1))
    await client.packet(1)
    await edge.mode('reject')
    client.send(publishFrame(topicOf('alpha'), 'too late', 1, 2))
    for (;;) if ((await edge.stats()).inFlight > 0) break
    expect(await edge.close()).toBeLessThan(3_000)
    await client.closed
    expect(client.packets).toHaveLength(2)
    expect(edge.messages().some(({ payload }) => payload === 'too late')).toBe(false)
  })
})

describe.each(runtimes)('a close with a healthy log, on $runtime', ({ program }) => {
  it('acknowledges what has arrived and records that each session ended', async () => {
    const identity = await world.authority.issue({ commonName: 'alpha', purpose: 'client' })
    const edge = await startTestEdge(program, world, [testRecord('alpha', [identity.fingerprint])])
    const client = await signIn(edge.port, identity, 'alpha', { will: { topic: topicOf('alpha', 'status'), payload: 'gone' } })
    await edge.mode('slow')
    client.send(publishFrame(topicOf('alpha'), 'in flight', 1, 4))
    for (;;) if ((await edge.stats()).inFlight > 0) break
    await edge.close()
    expect((await client.packet(1)).toString('hex')).toBe('40020004')
    await client.closed
    await edge.observed('disconnect', ({ reason }) => reason === 'shutdown', 'byDevice')
    // The edge left, not the device.
    expect(edge.observations('will')).toEqual([])
    await edge.stop()
  })
})
