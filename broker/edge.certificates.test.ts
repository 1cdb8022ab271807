import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { connectFrame, openRaw, publishFrame, signIn } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

const hourMs = 3_600_000

let world: TestWorld
beforeAll(async () => {
  world = await createTestWorld()
})

describe.each(runtimes)('who may connect, on $runtime', ({ program }) => {
  let edge: TestEdge
  const identities = new Map<string, TestIdentity>()
  const own = (device: string): TestIdentity => identities.get(device)!

  beforeAll(async () => {
    for (const device of ['good', 'revoked', 'kicked', 'replaced', 'expired', 'wrong-purpose', 'other', 'resumer'])
      identities.set(device, await world.authority.issue({ commonName: device, purpose: 'client' }))
    edge = await startTestEdge(
      program,
      world,
      [...identities].map(([device, { fingerprint }]) =>
        testRecord(device, [fingerprint], device === 'revoked' ? { status: 'revoked' } : {}),
      ),
      { connectsBurstPerAddressMax: 10_000, handshakeTimeoutMs: 300, connectTimeoutMs: 1_000, passwordDelayMs: 5 },
    )
  })
  afterAll(() => edge.stop())

  /** Connects and says CONNECT and a publish at once, as a client that does not wait would; answers the CONNACK code or none. */
  const attempt = async (identity: TestIdentity | null, clientId: string, options = {}): Promise<number | 'closed'> => {
    const client = await openRaw(edge.port, identity, options)
    client.send(connectFrame(clientId), publishFrame(`v1/${site}/${clientId}/telemetry`, 'before CONNACK'))
    const answer = await Promise.race([client.packet(0).then((packet) => packet[3]!), client.closed.then(() => 'closed' as const)]).catch(
      () => 'closed' as const,
    )
    client.socket.destroy()
    return answer
  }

  it('lets an enrolled device in and tells of it by device and by address', async () => {
    const client = await signIn(edge.port, own('good'), 'good')
    const observation = await edge.observed('connect', ({ device }) => device === 'good')
    expect(observation).toMatchObject({
      site,
      model: 'monitor-x',
      address: '127.0.0.1',
      clientId: 'good',
      fingerprint: own('good').fingerprint,
      tlsVersion: 'TLSv1.3',
      reason: null,
    })
    expect(observation.cipher).toMatch(/AES|CHACHA/)
    await edge.observed('connect', ({ session }) => session === observation.session, 'byDevice')
    client.socket.destroy()
    expect(await edge.observed('disconnect', ({ session }) => session === observation.session, 'byDevice')).toMatchObject({
      reason: 'lost',
    })
  })

  it.each([
    { what: 'no certificate', make: async () => null, reason: 'no-certificate', proven: false },
    {
      what: "another authority's certificate with our names",
      make: () => world.rogue.issue({ commonName: 'good', purpose: 'client' }),
      reason: 'untrusted-certificate',
      proven: false,
    },
    {
      what: 'an expired certificate',
      make: () => world.authority.issue({ commonName: 'expired', purpose: 'client', notAfter: new Date(Date.now() - hourMs) }),
      reason: 'expired-certificate',
      proven: true,
    },
    {
      what: 'a certificate that is not valid yet',
      make: () => world.authority.issue({ commonName: 'expired', purpose: 'client', notBefore: new Date(Date.now() + hourMs) }),
      reason: 'expired-certificate',
      proven: true,
    },
    {
      what: "a server's certificate",
      make: () => world.authority.issue({ commonName: 'wrong-purpose', purpose: 'server' }),
      reason: 'wrong-purpose',
      proven: true,
    },
  ] as const)('closes on $what before a word of MQTT: $reason', async ({ make, reason, proven }) => {
    const identity = await make()
    const before = edge.observations('refused', 'byDevice').length
    expect(await attempt(identity, 'good')).toBe('closed')
    const fingerprint = identity === null ? null : identity.fingerprint
    const refusal = await edge.observed('refused', (o) => o.reason === reason && o.fingerprint === fingerprint)
    expect(refusal.address).toBe('127.0.0.1')
    if (proven) await edge.observed('refused', ({ session }) => session === refusal.session, 'byDevice')
    expect(edge.observations('refused', 'byDevice')).toHaveLength(before + (proven ? 1 : 0))
    expect(edge.messages()).toEqual([])
  })

  it.each([
    { what: 'a revoked device', identity: async () => own('revoked'), clientId: 'revoked', code: 5, reason: 'revoked' },
    {
      what: 'a device nobody enrolled',
      identity: () => world.authority.issue({ commonName: 'stranger', purpose: 'client' }),
      clientId: 'stranger',
      code: 5,
      reason: 'unknown-identity',
    },
    {
      what: 'a certificate of ours that the record does not list',
      identity: () => world.authority.issue({ commonName: 'good', purpose: 'client' }),
      clientId: 'good',
      code: 5,
      reason: 'revoked',
    },
    { what: "another device's client id", identity: async () => own('good'), clientId: 'other', code: 2, reason: 'client-id-mismatch' },
    { what: 'an empty client id', identity: async () => own('other'), clientId: '', code: 2, reason: 'empty-client-id' },
  ])('answers $what with CONNACK $code: $reason', async ({ identity, clientId, code, reason }) => {
    const who = await identity()
    expect(await attempt(who, clientId)).toBe(code)
    // Signed by us: recorded under the device, so that an attack with its name is found there.
    expect(await edge.observed('refused', (o) => o.reason === reason && o.fingerprint === who.fingerprint, 'byDevice')).toMatchObject({
      clientId,
      address: '127.0.0.1',
    })
    expect(edge.messages()).toEqual([])
  })

  it('a device that was enrolled, or got a new certificate, a moment ago is let in by an edge that had not read of it', async () => {
    const device = await world.authority.issue({ commonName: 'newcomer', purpose: 'client' })
    await edge.later(testRecord('newcomer', [device.fingerprint]))
    expect(await attempt(device, 'newcomer')).toBe(0)
    const renewed = await world.authority.issue({ commonName: 'newcomer', purpose: 'client' })
    await edge.later(testRecord('newcomer', [renewed.fingerprint]))
    expect(await attempt(renewed, 'newcomer')).toBe(0)
    expect(edge.observations('refused').filter((o) => o.device === 'newcomer')).toEqual([])
  })

  it('while the registry cannot be read, a certificate that it does not list is told to come again, and is no rogue', async () => {
    const device = await world.authority.issue({ commonName: 'early', purpose: 'client' })
    await edge.later(testRecord('early', [device.fingerprint]))
    await edge.registryAway(true)
    expect(await attempt(device, 'early')).toBe(3)
    expect(await attempt(own('revoked'), 'revoked')).toBe(5)
    await edge.registryAway(false)
    expect(await attempt(device, 'early')).toBe(0)
    expect((await edge.observed('refused', ({ device: claimed }) => claimed === 'early')).reason).toBe('registry-behind')
  })

  it('a device with a password that was enrolled, or got another password, a moment ago is let in likewise, the first of all too', async () => {
    const signInAs = async (password: string): Promise<number | 'closed'> => {
      const client = await openRaw(edge.port, null)
      client.send(connectFrame('legacy', { userName: 'legacy', password }))
      const answer = await Promise.race([client.packet(0).then((packet) => packet[3]!), client.closed.then(() => 'closed' as const)]).catch(
        () => 'closed' as const,
      )
      client.socket.destroy()
      return answer
    }
    // As far as the edge knows nobody signs in by password: such a connection ends with its handshake.
    await edge.registryAway(true)
    expect(await signInAs('one')).toBe('closed')
    await edge.observed('refused', ({ reason, fingerprint }) => reason === 'registry-behind' && fingerprint === null)
    await edge.registryAway(false)
    await edge.later(testRecord('legacy', [], { passwordHash: 'plain:one' }))
    expect(await signInAs('one')).toBe(0)
    await edge.later(testRecord('legacy', [], { passwordHash: 'plain:two' }))
    expect(await signInAs('two')).toBe(0)
    await edge.later(testRecord('legacy', [], { passwordHash: 'plain:two', status: 'revoked' }))
    expect(await signInAs('wrong')).toBe(4)
    await edge.later(testRecord('legacy', [], { passwordHash: 'plain:three' }))
    expect(await signInAs('three')).toBe(0)
    // One answer for what is known and what is not, while neither is sure.
    await edge.registryAway(true)
    expect(await signInAs('four')).toBe(3)
    expect(await signInAs('three')).toBe(0)
    await edge.registryAway(false)
    expect(await signInAs('four')).toBe(4)
    await edge.observed('refused', ({ userName, reason }) => userName === 'legacy' && reason === 'bad-credentials')
    const told = edge.observations('refused').filter(({ userName }) => userName === 'legacy')
    expect(told.map(({ reason }) => reason)).toEqual(['revoked', 'registry-behind', 'bad-credentials'])
    await edge.change(testRecord('legacy', []))
  })

  it('ends a session when its password is replaced', async () => {
    await edge.change(testRecord('by-word', [], { passwordHash: 'plain:old' }))
    const client = await signIn(edge.port, null, 'by-word', { userName: 'by-word', password: 'old' })
    await edge.change(testRecord('by-word', [], { passwordHash: 'plain:new' }))
    await client.closed
    expect((await edge.observed('disconnect', ({ device }) => device === 'by-word', 'byDevice')).reason).toBe('revoked')
    await edge.change(testRecord('by-word', []))
  })

  it('ends a session at once when its device is revoked', async () => {
    const client = await signIn(edge.port, own('kicked'), 'kicked')
    await edge.change(testRecord('kicked', [own('kicked').fingerprint], { status: 'revoked' }))
    await client.closed
    await edge.observed('disconnect', (o) => o.device === 'kicked' && o.reason === 'revoked', 'byDevice')
    expect(await attempt(own('kicked'), 'kicked')).toBe(5)
  })

  it('ends a session when its certificate is replaced, and lets the new one in', async () => {
    const next = await world.authority.issue({ commonName: 'replaced', purpose: 'client' })
    const client = await signIn(edge.port, own('replaced'), 'replaced')
    await edge.change(testRecord('replaced', [own('replaced').fingerprint, next.fingerprint]))
    const both = await signIn(edge.port, next, 'replaced')
    await client.closed
    await edge.change(testRecord('replaced', [next.fingerprint]))
    expect(await attempt(own('replaced'), 'replaced')).toBe(5)
    both.socket.destroy()
  })

  it('judges a resumed session by its certificate as well', async () => {
    const first = await openRaw(edge.port, own('resumer'))
    const session = new Promise<Buffer>((resolve) => first.socket.once('session', resolve))
    first.send(connectFrame('resumer'))
    await first.packet(0)
    const ticket = await session
    first.socket.destroy()
    const again = await openRaw(edge.port, own('resumer'), { session: ticket })
    again.send(connectFrame('resumer'))
    expect((await again.packet(0))[3]).toBe(0)
    again.socket.destroy()
    await edge.change(testRecord('resumer', [own('resumer').fingerprint], { status: 'revoked' }))
    expect(await attempt(own('resumer'), 'resumer', { session: ticket })).toBe(5)
  })

  it('gives a session without a certificate nothing when it is resumed', async () => {
    await edge.change(testRecord('by-password', [], { passwordHash: 'plain:secret' }))
    const first = await openRaw(edge.port, null)
    const session = new Promise<Buffer>((resolve) => first.socket.once('session', resolve))
    first.send(connectFrame('by-password', { userName: 'by-password', password: 'secret' }))
    expect((await first.packet(0))[3]).toBe(0)
    const ticket = await session
    first.socket.destroy()
    expect(await attempt(null, 'by-password', { session: ticket })).toBe(5)
    expect(await attempt(null, 'good', { session: ticket })).toBe(5)
    await edge.change(testRecord('by-password', []))
    expect(await attempt(null, 'by-password', { session: ticket })).toBe('closed')
  })

  it('speaks no TLS below 1.3', async () => {
    await expect(openRaw(edge.port, own('good'), { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/i)
    await edge.observed('refused', ({ reason }) => reason === 'tls-version')
  })

  it('drops a handshake that does not finish, and one that is none', async () => {
    const idle = connect(edge.port, '127.0.0.1')
    idle.on('error', () => {})
    await edge.observed('refused', ({ reason }) => reason === 'handshake-timeout')
    const plain = connect(edge.port, '127.0.0.1', () => plain.write(connectFrame('good')))
    plain.on('error', () => {})
    await edge.observed('refused', ({ reason }) => reason === 'tls-handshake')
    idle.destroy()
    plain.destroy()
  })

  it('drops who finishes the handshake and then says nothing', async () => {
    const client = await openRaw(edge.port, own('good'))
    await client.closed
    await edge.observed('refused', (o) => o.reason === 'connect-timeout' && o.device === 'good', 'byDevice')
  })

  it('lets nobody half open forever be counted as connected', async () => {
    const leaver = connectTls({ host: '127.0.0.1', port: edge.port, rejectUnauthorized: false })
    leaver.on('error', () => {})
    leaver.destroy()
    const after = await signIn(edge.port, own('other'), 'other')
    after.socket.destroy()
    await edge.observed('disconnect', ({ device }) => device === 'other')
    // These wait for the registry, and some are gone before it is read.
    for (let i = 0; i < 20; i++) (await openRaw(edge.port, null)).socket[i % 2 === 0 ? 'destroy' : 'end']()
    await expect.poll(() => edge.stats()).toMatchObject({ signedIn: 0, connections: 0, handshakes: 0 })
  })
})
