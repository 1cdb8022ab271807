import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectFrame, frame, number16, openRaw, publishFrame, type RawClient, signIn, subscribeFrame } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})

const devices = ['taken', 'sleeper', 'willing', 'commanded', 'mqttjs', 'kept', 'light', 'neighbour']
const topicOf = (device: string, leaf = 'telemetry'): string => `v1/${site}/${device}/${leaf}`
const commandFor = (device: string, id: string, change = {}) => ({
  id,
  device,
  site,
  payload: JSON.stringify({ id }),
  issuedAt: 0,
  expiresAt: Date.now() + 60_000,
  ...change,
})

describe.each(runtimes)('sessions, on $runtime', ({ program }) => {
  let edge: TestEdge
  const identities = new Map<string, TestIdentity>()
  const own = (device: string): TestIdentity => identities.get(device)!
  const connectAs = (device: string, fields = {}): Promise<RawClient> => signIn(edge.port, own(device), device, fields)

  beforeAll(async () => {
    for (const device of devices) identities.set(device, await world.authority.issue({ commonName: device, purpose: 'client' }))
    edge = await startTestEdge(
      program,
      world,
      [
        ...devices.map((device) => testRecord(device, [own(device).fingerprint])),
        testRecord('legacy', [], { passwordHash: 'plain:correct horse' }),
        testRecord('legacy-revoked', [], { passwordHash: 'plain:correct horse', status: 'revoked' }),
      ],
      {
        commandTimeoutMs: 400,
        passwordChecksMax: 2,
        passwordQueueMax: 3,
        passwordDelayMs: 20,
        passwordDelayMsMax: 60,
        commandsQueuedPerDeviceMax: 3,
      },
    )
  })
  afterAll(() => edge.stop())

  it('gives the session to who comes last, tells both addresses and counts rightly', async () => {
    const first = await connectAs('taken', { will: { topic: topicOf('taken', 'status'), payload: 'taken will' } })
    const second = await connectAs('taken')
    await first.closed
    const takeover = await edge.observed('takeover', ({ device }) => device === 'taken', 'byDevice')
    expect(takeover).toMatchObject({ address: '127.0.0.1', reason: 'previous-address 127.0.0.1' })
    await edge.observed(
      'disconnect',
      (o) => o.device === 'taken' && o.reason === 'taken-over' && o.session !== takeover.session,
      'byDevice',
    )
    // MQTT-3.1.2-8: the connection ended without DISCONNECT.
    await edge.seen(({ payload }) => payload === 'taken will')
    second.send(publishFrame(topicOf('taken'), 'still here'))
    await second.packet(1)
    expect((await edge.stats()).signedIn).toBe(1)
    second.socket.destroy()
    await edge.observed('disconnect', (o) => o.device === 'taken' && o.reason === 'lost')
    expect((await edge.stats()).signedIn).toBe(0)
  })

  it('survives a hundred takeovers in a row with one session left', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => openRaw(edge.port, own('taken'))))
    for (const client of clients) client.send(connectFrame('taken'))
    await Promise.all(clients.slice(0, -1).map((client) => Promise.race([client.closed, client.packet(0)])))
    const last = await connectAs('taken')
    last.send(publishFrame(topicOf('taken'), 'the last'))
    await last.packet(1)
    expect((await edge.stats()).signedIn).toBe(1)
    last.send(frame(0xe0))
    await last.closed
  })

  it('publishes the will when the connection is lost, and not after DISCONNECT', async () => {
    const will = { topic: topicOf('willing', 'status'), payload: 'lost without a word' }
    const polite = await connectAs('willing', { will: { ...will, payload: 'never' } })
    polite.send(frame(0xe0))
    await polite.closed
    await edge.observed('disconnect', (o) => o.device === 'willing' && o.reason === 'client')
    const lost = await connectAs('willing', { will })
    lost.socket.destroy()
    expect(await edge.seen(({ payload }) => payload === will.payload)).toMatchObject({ leaf: 'status', device: 'willing', kind: 'message' })
    expect(await edge.observed('will', undefined, 'byDevice')).toMatchObject({ topic: topicOf('taken', 'status') })
    expect(edge.messages().some(({ payload }) => payload === 'never')).toBe(false)
  })

  it('ends a device that is silent for one and a half keep-alives; telemetry and pings count as life', async () => {
    const silent = await connectAs('sleeper', { keepAliveSeconds: 1 })
    const talking = await connectAs('neighbour', { keepAliveSeconds: 1 })
    const pings = setInterval(() => talking.send(frame(0xc0)), 300)
    const since = performance.now()
    await silent.closed
    expect(performance.now() - since).toBeGreaterThan(1_400)
    await edge.observed('disconnect', (o) => o.device === 'sleeper' && o.reason === 'keep-alive')
    clearInterval(pings)
    expect((await talking.packet(1)).toString('hex')).toBe('d000')
    expect(edge.observations('disconnect').some(({ device }) => device === 'neighbour')).toBe(false)
    talking.socket.destroy()
  })

  it('lets a device subscribe to its own commands only', async () => {
    const client = await connectAs('light')
    const filters = [
      topicOf('light', 'command'),
      topicOf('neighbour', 'command'),
      `v1/${site}/+/command`,
      '#',
      '$share/g/x',
      topicOf('light'),
    ]
    client.send(subscribeFrame(4, ...filters.map((filter) => [filter, 1] as const)))
    expect((await client.packet(1)).toString('hex')).toBe('90080004018080808080')
    await edge.observed('subscribe', ({ topic }) => topic === topicOf('light', 'command'), 'byDevice')
    for (const reason of ['subscribe-denied', 'wildcard', 'shared-subscription'])
      await edge.observed('aclDenied', (o) => o.device === 'light' && o.reason === reason, 'byDevice')
    client.send(frame(0xa2, number16(5), Buffer.from([0, 1, 0x61])))
    expect((await client.packet(2)).toString('hex')).toBe('b0020005')
    client.socket.destroy()
  })

  it('delivers commands to an MQTT.js client in order, and tells when its PUBACK came', async () => {
    const { keyPem, certificatePem } = own('mqttjs')
    const client: MqttClient = await connectAsync({
      protocol: 'mqtts',
      host: '127.0.0.1',
      port: edge.port,
      clientId: 'mqttjs',
      key: keyPem,
      cert: certificatePem,
      ca: world.authority.certificatePem,
      reconnectPeriod: 0,
    })
    const got: string[] = []
    client.on('message', (topic, payload) => got.push(`${topic} ${payload.toString()}`))
    // Between CONNACK and aedes' being ready for it, it is offline.
    await vi.waitFor(async () => expect(await edge.deliver(commandFor('mqttjs', 'early'))).toBe('not-subscribed'))
    await client.subscribeAsync(topicOf('mqttjs', 'command'), { qos: 1 })
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((id) => edge.deliver(commandFor('mqttjs', id))))
    expect(answers).toEqual(['delivered', 'delivered', 'delivered', 'busy'])
    expect(got).toEqual(['a', 'b', 'c'].map((id) => `${topicOf('mqttjs', 'command')} {"id":"${id}"}`))
    await client.publishAsync(topicOf('mqttjs'), '{"vitals":{}}', { qos: 1 })
    await client.publishAsync(topicOf('mqttjs'), '{"vitals":{}}', { qos: 2 })
    expect(edge.messages().filter(({ device }) => device === 'mqttjs')).toHaveLength(2)
    expect(await edge.deliver(commandFor('mqttjs', 'x', { site: 'elsewhere' }))).toBe('wrong-site')
    expect(await edge.deliver(commandFor('mqttjs', 'x', { expiresAt: 1 }))).toBe('expired')
    await client.unsubscribeAsync(topicOf('mqttjs', 'command'))
    expect(await edge.deliver(commandFor('mqttjs', 'x'))).toBe('not-subscribed')
    await client.endAsync()
    await edge.observed('disconnect', (o) => o.device === 'mqttjs' && o.reason === 'client')
    expect(await edge.deliver(commandFor('mqttjs', 'x'))).toBe('offline')
  })

  it('tells a command without PUBACK apart: too late, gone, and subscribed without acknowledgements', async () => {
    const client = await connectAs('commanded')
    client.send(subscribeFrame(1, [topicOf('commanded', 'command'), 1]))
    await client.packet(1)
    // Another packet id is no answer.
    const late = edge.deliver(commandFor('commanded', 'late'))
    const publish = await client.packet(2)
    const id = publish.readUInt16BE(2 + 2 + publish.readUInt16BE(2))
    client.send(frame(0x40, number16(id === 1 ? 2 : 1)))
    expect(await late).toBe('timeout')
    const lost = edge.deliver(commandFor('commanded', 'lost'))
    await client.packet(3)
    client.socket.destroy()
    expect(await lost).toBe('disconnected')
    const light = await connectAs('commanded')
    light.send(subscribeFrame(1, [topicOf('commanded', 'command'), 0]))
    await light.packet(1)
    expect(await edge.deliver(commandFor('commanded', 'light'))).toBe('unacknowledged')
    expect((await light.packet(2))[0]).toBe(0x30)
    light.socket.destroy()
  })

  it('keeps the subscription of a kept session', async () => {
    const first = await connectAs('kept', { clean: false })
    first.send(subscribeFrame(1, [topicOf('kept', 'command'), 1]))
    await first.packet(1)
    first.send(frame(0xe0))
    await first.closed
    const again = await connectAs('kept', { clean: false })
    expect((await again.packet(0)).toString('hex')).toBe('20020100')
    // CONNACK leaves before aedes has restored the session: what is published is answered after that.
    again.send(publishFrame(topicOf('kept'), 'restored'))
    await again.packet(1)
    const delivery = edge.deliver(commandFor('kept', 'again'))
    const publish = await again.packet(2)
    again.send(frame(0x40, publish.subarray(4 + publish.readUInt16BE(2), 6 + publish.readUInt16BE(2))))
    expect(await delivery).toBe('delivered')
    again.socket.destroy()
  })

  describe('passwords', () => {
    const tryPassword = async (userName: string | undefined, password: string | undefined, clientId = userName ?? 'x'): Promise<number> => {
      const client = await openRaw(edge.port, null)
      client.send(
        connectFrame(clientId, { ...(userName === undefined ? {} : { userName }), ...(password === undefined ? {} : { password }) }),
      )
      const code = (await client.packet(0))[3]!
      client.socket.destroy()
      return code
    }

    it('lets a legacy device in by its password and tells each refusal apart only in the log', async () => {
      expect(await tryPassword('legacy', 'correct horse')).toBe(0)
      expect(await tryPassword('legacy', 'wrong')).toBe(4)
      // The claimed name is enrolled: the attack on it is recorded there too.
      await edge.observed('refused', (o) => o.reason === 'bad-credentials' && o.userName === 'legacy', 'byDevice')
      expect(await tryPassword('nobody', 'correct horse')).toBe(4)
      await edge.observed('refused', (o) => o.reason === 'unknown-identity' && o.userName === 'nobody')
      expect(edge.observations('refused', 'byDevice').some(({ userName }) => userName === 'nobody')).toBe(false)
      expect(await tryPassword('taken', 'correct horse')).toBe(4)
      await edge.observed('refused', (o) => o.reason === 'password-not-enabled' && o.userName === 'taken')
      expect(await tryPassword('legacy-revoked', 'correct horse')).toBe(4)
      await edge.observed('refused', (o) => o.reason === 'revoked' && o.userName === 'legacy-revoked')
      expect(await tryPassword('legacy', 'correct horse', 'taken')).toBe(2)
      expect(await tryPassword(undefined, undefined, 'legacy')).toBe(5)
      await edge.observed('refused', ({ reason }) => reason === 'no-certificate')
    })

    it('checks few at once, lets few wait and refuses the rest, and a right password is not locked out', async () => {
      const codes = await Promise.all(Array.from({ length: 20 }, () => tryPassword('legacy', 'guess')))
      expect(new Set(codes)).toEqual(new Set([3, 4]))
      const { checksAtOnce } = await edge.stats()
      expect(checksAtOnce).toBeLessThanOrEqual(2)
      expect(await tryPassword('legacy', 'correct horse')).toBe(0)
    })
  })
})
