import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectFields, connectFrame, frame, number16, openRaw, publishFrame, signIn, subscribeFrame, text } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})
const topic = `v1/${site}/mallory/telemetry`
const will = (willTopic: string | Buffer): ConnectFields => ({ will: { topic: willTopic, payload: 'gone' } })
const packetBytesMax = 1_024

/** A frame that declares a length and stops there. */
const declared = (header: number, ...lengthBytes: number[]): Buffer => Buffer.from([header, ...lengthBytes])

// Each guard: what crosses it and ends the connection, told as what.
const ended: { what: string; bytes: Buffer; event: string; reason: string; before?: 'sign-in' }[] = [
  { what: 'a first packet that is not CONNECT', bytes: frame(0xc0), event: 'malformed', reason: 'connect-expected', before: 'sign-in' },
  { what: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), event: 'malformed', reason: 'connect-expected', before: 'sign-in' },
  { what: 'a CONNECT declared too long', bytes: declared(0x10, 0xff, 0x7f), event: 'oversize', reason: 'packet-bytes', before: 'sign-in' },
  {
    what: 'a length of five bytes',
    bytes: declared(0x10, 0xff, 0xff, 0xff, 0xff, 1),
    event: 'malformed',
    reason: 'remaining-length',
    before: 'sign-in',
  },
  {
    what: 'another protocol',
    bytes: connectFrame('mallory', { name: 'MQTX' }),
    event: 'malformed',
    reason: 'protocol-name',
    before: 'sign-in',
  },
  {
    what: 'a reserved connect flag',
    bytes: frame(0x10, text('MQTT'), [4, 3], number16(0), text('mallory')),
    event: 'malformed',
    reason: 'connect-flags',
    before: 'sign-in',
  },
  {
    what: 'a will of QoS 3',
    bytes: frame(0x10, text('MQTT'), [4, 0x1e], number16(0), text('mallory'), text(topic), text('')),
    event: 'malformed',
    reason: 'connect-flags',
    before: 'sign-in',
  },
  {
    what: 'a CONNECT with bytes to spare',
    bytes: frame(0x10, text('MQTT'), [4, 2], number16(0), text('mallory'), [0]),
    event: 'malformed',
    reason: 'trailing-bytes',
    before: 'sign-in',
  },
  {
    what: 'a client id of invalid UTF-8',
    bytes: connectFrame(Buffer.from([0x6d, 0xc3, 0x28])),
    event: 'malformed',
    reason: 'text-utf8',
    before: 'sign-in',
  },
  {
    what: "another's will",
    bytes: connectFrame('mallory', will(`v1/${site}/victim/status`)),
    event: 'aclDenied',
    reason: 'will-denied',
    before: 'sign-in',
  },
  {
    what: 'a will on telemetry',
    bytes: connectFrame('mallory', will(topic)),
    event: 'aclDenied',
    reason: 'will-denied',
    before: 'sign-in',
  },
  {
    what: 'a will topic with U+0000',
    bytes: connectFrame('mallory', will(Buffer.from('v1/\u0000'))),
    event: 'malformed',
    reason: 'topic-utf8',
    before: 'sign-in',
  },
  { what: 'a second CONNECT', bytes: connectFrame('mallory'), event: 'malformed', reason: 'second-connect' },
  { what: 'a packet declared too long', bytes: declared(0x32, 0x81, 0x08), event: 'oversize', reason: 'packet-bytes' },
  { what: 'a packet of 256 MB', bytes: declared(0x32, 0xff, 0xff, 0xff, 0x7f), event: 'oversize', reason: 'packet-bytes' },
  { what: 'packet id 0', bytes: publishFrame(topic, 'x', 1, 0), event: 'malformed', reason: 'packet-id' },
  { what: 'QoS 3', bytes: frame(0x36, text(topic), number16(1)), event: 'malformed', reason: 'publish-flags' },
  { what: 'a repeated QoS 0', bytes: publishFrame(topic, 'x', 0, 0, 8), event: 'malformed', reason: 'publish-flags' },
  { what: 'a topic longer than its packet', bytes: frame(0x30, [0xff, 0xff, 0x61]), event: 'malformed', reason: 'truncated' },
  { what: 'a PUBLISH without a topic', bytes: frame(0x30), event: 'malformed', reason: 'truncated' },
  { what: 'an empty topic', bytes: publishFrame('', 'x'), event: 'malformed', reason: 'empty-topic' },
  { what: 'U+0000 in a topic', bytes: publishFrame('v1/\u0000', 'x'), event: 'malformed', reason: 'topic-utf8' },
  {
    what: 'invalid UTF-8 in a topic',
    bytes: publishFrame(Buffer.from([0x76, 0xed, 0xa0, 0x80]), 'x'),
    event: 'malformed',
    reason: 'topic-utf8',
  },
  {
    what: 'a wildcard in a published topic',
    bytes: publishFrame(`v1/${site}/+/telemetry`, 'x'),
    event: 'malformed',
    reason: 'topic-wildcard',
  },
  { what: 'SUBSCRIBE with wrong flags', bytes: frame(0x80, number16(1), text('a'), [0]), event: 'malformed', reason: 'packet-type' },
  { what: 'SUBSCRIBE with packet id 0', bytes: subscribeFrame(0, ['a', 0]), event: 'malformed', reason: 'packet-id' },
  { what: 'SUBSCRIBE without a filter', bytes: subscribeFrame(1), event: 'malformed', reason: 'no-filters' },
  { what: 'SUBSCRIBE with QoS 3', bytes: subscribeFrame(1, ['a', 3]), event: 'malformed', reason: 'subscribe-qos' },
  {
    what: 'SUBSCRIBE with too many filters',
    bytes: subscribeFrame(1, ...Array.from({ length: 9 }, () => ['a', 0] as const)),
    event: 'malformed',
    reason: 'too-many-filters',
  },
  { what: 'SUBSCRIBE to a#', bytes: subscribeFrame(1, ['a#', 0]), event: 'malformed', reason: 'filter-wildcard' },
  { what: 'SUBSCRIBE to #/a', bytes: subscribeFrame(1, ['#/a', 0]), event: 'malformed', reason: 'filter-wildcard' },
  { what: 'SUBSCRIBE to U+0000', bytes: subscribeFrame(1, ['a\u0000', 0]), event: 'malformed', reason: 'topic-utf8' },
  { what: 'UNSUBSCRIBE cut short', bytes: frame(0xa2, number16(1), [0, 9, 0x61]), event: 'malformed', reason: 'truncated' },
  { what: 'PUBREL with wrong flags', bytes: frame(0x60, number16(1)), event: 'malformed', reason: 'packet-type' },
  { what: 'PUBACK of three bytes', bytes: frame(0x40, [0, 1, 0]), event: 'malformed', reason: 'puback' },
  { what: 'PINGREQ with a body', bytes: frame(0xc0, [0]), event: 'malformed', reason: 'pingreq' },
  { what: 'packet type 0', bytes: frame(0x00), event: 'malformed', reason: 'packet-type' },
  { what: 'packet type 15', bytes: frame(0xf0), event: 'malformed', reason: 'packet-type' },
  { what: "a server's CONNACK", bytes: frame(0x20, [0, 0]), event: 'malformed', reason: 'packet-type' },
]

describe.each(runtimes)('hostile input, on $runtime', ({ program }) => {
  let edge: TestEdge
  const identities = new Map<string, TestIdentity>()
  const own = (device: string): TestIdentity => identities.get(device)!

  beforeAll(async () => {
    for (const device of ['mallory', 'honest', 'flooder', 'heavy', 'window', 'victim'])
      identities.set(device, await world.authority.issue({ commonName: device, purpose: 'client' }))
    edge = await startTestEdge(
      program,
      world,
      [...identities].map(([device, { fingerprint }]) => testRecord(device, [fingerprint])),
      {
        packetBytesMax,
        preAuthPacketBytesMax: 512,
        connectsBurstPerAddressMax: 100_000,
        publishesPerSecondPerDeviceMax: 50,
        publishesBurstPerDeviceMax: 60,
        bytesPerSecondPerDeviceMax: 4_096,
        bytesBurstPerDeviceMax: 20_000,
        qos2PerDeviceMax: 3,
      },
    )
  })
  afterAll(() => edge.stop())

  it.each(ended)('ends a connection over $what', async ({ bytes, event, reason, before }) => {
    const count = (): number => edge.observations(event, 'byDevice').filter((o) => o.reason === reason).length
    const seenBefore = count()
    const client = before === 'sign-in' ? await openRaw(edge.port, own('mallory')) : await signIn(edge.port, own('mallory'), 'mallory')
    client.send(bytes, publishFrame(topic, 'after the offence'))
    await client.closed
    // Merged within a second: told at once the first time, in a sum the next.
    if (seenBefore === 0) await edge.observed(event, (o) => o.reason === reason && o.device === 'mallory', 'byDevice')
    else await edge.seen(() => count() > seenBefore)
    expect(edge.messages().some(({ payload }) => payload === 'after the offence')).toBe(false)
  })

  it('tells the declared length of what is too long', async () => {
    await edge.observed('oversize', ({ amount }) => amount === 16_383, 'byDevice')
  })

  it('answers MQTT 5 with CONNACK 1 and says so', async () => {
    const client = await openRaw(edge.port, own('mallory'))
    client.send(frame(0x10, text('MQTT'), [5, 2], number16(0), [0], text('mallory')))
    expect((await client.packet(0)).toString('hex')).toBe('20020001')
    await client.closed
    await edge.observed('refused', (o) => o.reason === 'protocol-version' && o.amount === 5 && o.device === 'mallory', 'byDevice')
  })

  it('speaks MQTT 3.1', async () => {
    const client = await signIn(edge.port, own('mallory'), 'mallory', { name: 'MQIsdp', level: 3 })
    client.socket.destroy()
  })

  it('takes what just fits: the longest packet, the longest CONNECT, the own will, the retain flag', async () => {
    const fields = { will: { topic: `v1/${site}/honest/status`, payload: 'x'.repeat(400) } }
    const longest = connectFrame('honest', {
      will: { ...fields.will, payload: 'x'.repeat(400 + 512 + 3 - connectFrame('honest', fields).length) },
    })
    expect(longest.length).toBe(512 + 3)
    const client = await openRaw(edge.port, own('honest'))
    client.send(longest)
    expect((await client.packet(0))[3]).toBe(0)
    const mine = `v1/${site}/honest/telemetry`
    const payload = 'y'.repeat(packetBytesMax - 2 - mine.length - 2)
    client.send(publishFrame(mine, payload, 1, 65_535, 1))
    expect((await client.packet(1)).toString('hex')).toBe('4002ffff')
    await edge.seen((record) => record.payload === payload)
    client.send(frame(0xe0))
    await client.closed
  })

  it('drops what is published elsewhere, acknowledges it, and tells it with the topic escaped', async () => {
    const client = await signIn(edge.port, own('mallory'), 'mallory')
    const foreign = [
      `v1/${site}/victim/telemetry`,
      `v1/${site}/mallory/command`,
      `v1/${site}/victim/command`,
      `v1/${site}/mallory/telemetry/`,
      '$SYS/x',
      'a\u0007b',
    ]
    client.send(...foreign.map((elsewhere, i) => publishFrame(elsewhere, 'forged', 1, i + 1)))
    await client.packet(foreign.length)
    client.send(publishFrame('x'.repeat(900), 'forged', 2, 7))
    expect((await client.packet(foreign.length + 1)).toString('hex')).toBe('50020007')
    const first = await edge.observed('aclDenied', (o) => o.reason === 'publish-denied' && o.topic === foreign[0], 'byDevice')
    expect(first.amount).toBe(1)
    const sum = await edge.observed('aclDenied', (o) => o.reason === 'publish-denied' && (o.amount ?? 0) > 1, 'byDevice')
    expect(sum.amount).toBe(foreign.length)
    expect(sum.topic).toBe('x'.repeat(256))
    expect(edge.messages().some(({ payload }) => payload === 'forged')).toBe(false)
    client.socket.destroy()
  })

  it('slows a device that floods and drops nothing of it, while another is served', async () => {
    const flooder = await signIn(edge.port, own('flooder'), 'flooder')
    flooder.send(...Array.from({ length: 120 }, (_, i) => publishFrame(`v1/${site}/flooder/event`, '', 1, i + 1)))
    const throttled = await edge.observed('throttled', (o) => o.device === 'flooder' && o.reason === 'publish-rate', 'byDevice')
    expect(throttled.amount).toBeGreaterThanOrEqual(50)
    const honest = await signIn(edge.port, own('honest'), 'honest')
    honest.send(publishFrame(`v1/${site}/honest/telemetry`, 'on time'))
    await honest.packet(1)
    expect(flooder.packets.length).toBeLessThan(121)
    await flooder.packet(120)
    const told = edge.observations('throttled', 'byDevice').filter(({ device }) => device === 'flooder')
    expect(told.length).toBeLessThan(5)
    flooder.socket.destroy()
    honest.socket.destroy()
  })

  it('slows a device that sends too many bytes', async () => {
    const heavy = await signIn(edge.port, own('heavy'), 'heavy')
    heavy.send(...Array.from({ length: 24 }, (_, i) => publishFrame(`v1/${site}/heavy/event`, 'z'.repeat(900), 1, i + 1)))
    await edge.observed('throttled', (o) => o.device === 'heavy' && o.reason === 'byte-rate', 'byDevice')
    await heavy.packet(24)
    heavy.socket.destroy()
  })

  it('ends a device that never releases its QoS 2 messages, and not one that does', async () => {
    const mine = `v1/${site}/window/event`
    const client = await signIn(edge.port, own('window'), 'window')
    for (let id = 1; id <= 5; id++) {
      client.send(publishFrame(mine, `released ${id}`, 2, id))
      await client.packet(id * 2 - 1)
      client.send(frame(0x62, number16(id)))
      await client.packet(id * 2)
    }
    client.send(...[11, 12, 13, 14].map((id) => publishFrame(mine, 'held', 2, id)))
    await client.closed
    await edge.observed('throttled', (o) => o.device === 'window' && o.reason === 'qos2-window', 'byDevice')
  })
})

describe.each(runtimes)('too many connections, on $runtime', ({ program }) => {
  it('refuses beyond the number of connections, and lets in again when there is room', async () => {
    const identity = await world.authority.issue({ commonName: 'one', purpose: 'client' })
    const edge = await startTestEdge(program, world, [testRecord('one', [identity.fingerprint])], { connectionsMax: 3 })
    const held = [await openRaw(edge.port, identity), await openRaw(edge.port, identity), await openRaw(edge.port, identity)]
    // A client is done with the handshake before the edge is.
    for (;;) if ((await edge.stats()).connections === 3) break
    await expect(openRaw(edge.port, identity)).rejects.toThrow(/socket disconnected|ECONNRESET|hang up/)
    await edge.observed('refused', ({ reason }) => reason === 'connections-max')
    held[0]!.socket.destroy()
    for (;;) if ((await edge.stats()).connections < 3) break
    const client = await signIn(edge.port, identity, 'one')
    client.socket.destroy()
    for (const { socket } of held) socket.destroy()
    await edge.stop()
  })

  it('refuses an address that connects too often, merged into an observation a second', async () => {
    const identity = await world.authority.issue({ commonName: 'one', purpose: 'client' })
    const limits = { connectsPerSecondPerAddressMax: 2, connectsBurstPerAddressMax: 4 }
    const edge = await startTestEdge(program, world, [testRecord('one', [identity.fingerprint])], limits)
    const attempts = await Promise.allSettled(Array.from({ length: 40 }, () => openRaw(edge.port, identity)))
    expect(attempts.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(8)
    await edge.observed('refused', (o) => o.reason === 'connect-rate' && o.amount! > 1)
    const told = edge.observations('refused').filter(({ reason }) => reason === 'connect-rate')
    expect(told.length).toBeLessThan(5)
    expect(told.reduce((sum, { amount }) => sum + amount!, 0)).toBeGreaterThan(30)
    for (const attempt of attempts) if (attempt.status === 'fulfilled') attempt.value.socket.destroy()
    await edge.stop()
  })

  it('refuses beyond the number of unfinished handshakes, and serves whoever finishes', async () => {
    const identity = await world.authority.issue({ commonName: 'one', purpose: 'client' })
    const edge = await startTestEdge(program, world, [testRecord('one', [identity.fingerprint])], {
      handshakesHalfOpenMax: 2,
      handshakeTimeoutMs: 400,
    })
    const idle = Array.from({ length: 5 }, () => connect(edge.port, '127.0.0.1').on('error', () => {}))
    await edge.observed('refused', ({ reason }) => reason === 'connections-max')
    // The timeout makes room again.
    await edge.observed('refused', ({ reason }) => reason === 'handshake-timeout')
    for (;;) if ((await edge.stats()).handshakes === 0) break
    const client = await signIn(edge.port, identity, 'one')
    client.socket.destroy()
    for (const socket of idle) socket.destroy()
    await edge.stop()
  })

  it('lets a device in, however many connections of others say nothing: they push out each other', async () => {
    const identity = await world.authority.issue({ commonName: 'one', purpose: 'client' })
    const edge = await startTestEdge(program, world, [testRecord('one', [identity.fingerprint])], {
      handshakesHalfOpenMax: 20,
      handshakeTimeoutMs: 30_000,
    })
    const crowd: Socket[] = []
    const comeBy = (count: number, localAddress: string): void => {
      for (let i = 0; i < count; i++) crowd.push(connect({ port: edge.port, host: '127.0.0.1', localAddress }).on('error', () => {}))
    }
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) comeBy(20, address)
    await edge.observed('refused', ({ reason }) => reason === 'connections-max')
    for (let i = 0; i < 5; i++) {
      comeBy(10, '127.0.0.2')
      const client = await signIn(edge.port, identity, 'one')
      client.socket.destroy()
    }
    expect((await edge.stats()).handshakes).toBeLessThanOrEqual(20)
    for (const socket of crowd) socket.destroy()
    await edge.stop()
  })

  it('ends a device that asks and does not read the answers', async () => {
    const identity = await world.authority.issue({ commonName: 'one', purpose: 'client' })
    const limits = { outboundBytesMax: 4_096, publishesPerSecondPerDeviceMax: 1_000_000, publishesBurstPerDeviceMax: 1_000_000 }
    const edge = await startTestEdge(program, world, [testRecord('one', [identity.fingerprint])], limits)
    const client = await signIn(edge.port, identity, 'one')
    client.socket.pause()
    const pings = Buffer.alloc(20_000, frame(0xc0))
    let over = false
    void edge.observed('throttled', ({ reason }) => reason === 'not-reading', 'byDevice').then(() => (over = true))
    const isOver = (): boolean => over
    while (!isOver()) {
      if (client.socket.writableLength === 0) client.send(pings)
      await new Promise((resolve) => setImmediate(resolve))
    }
    client.socket.destroy()
    await edge.stop()
  })
})
