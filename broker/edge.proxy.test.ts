import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectFrame, openRaw, publishFrame, type RawClient } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'
import { extension, proxyHeader, tcp6From } from './test-proxy-header.ts'

let world: TestWorld
let good: TestIdentity
let rogue: TestIdentity
beforeAll(async () => {
  world = await createTestWorld()
  good = await world.authority.issue({ commonName: 'pump-7', purpose: 'client' })
  rogue = await world.rogue.issue({ commonName: 'pump-7', purpose: 'client' })
})

/** A TCP connection from one of this machine's loopback addresses, with these bytes first. */
const open = (port: number, from: string, first: Buffer): Socket => {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from })
  socket.on('error', () => {})
  if (first.length > 0) socket.write(first)
  return socket
}
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('close', () => resolve())
    socket.resume()
  })
const balancer = '127.0.0.2'
const elsewhere = '127.0.0.3'
const from4 = (...source: number[]): Buffer => proxyHeader({ addresses: [...source, 10, 0, 0, 1, 0xc0, 0, 0x22, 0xb3] })

describe.each(runtimes)('an edge behind a load balancer, on $runtime', ({ program }) => {
  let edge: TestEdge
  beforeAll(async () => {
    edge = await startTestEdge(
      program,
      world,
      [testRecord('pump-7', [good.fingerprint])],
      { proxyHeaderTimeoutMs: 400, handshakeTimeoutMs: 900, connectsPerSecondPerAddressMax: 1, connectsBurstPerAddressMax: 6 },
      [`${balancer}/32`],
    )
  })
  afterAll(() => edge.stop())

  const device = async (header: Buffer, identity: TestIdentity | null = good): Promise<RawClient> => {
    const client = await openRaw(edge.port, identity, { socket: open(edge.port, balancer, header) })
    client.send(connectFrame('pump-7'))
    return client
  }

  it("a device's address is the one that the header tells, in its session and in what is told of it", async () => {
    const client = await device(proxyHeader({ extensions: extension(5, Buffer.from('an id')) }))
    expect((await client.packet(0))[3]).toBe(0)
    const connected = await edge.observed('connect', ({ address }) => address === '10.9.8.7', 'byDevice')
    expect(connected).toMatchObject({ device: 'pump-7', fingerprint: good.fingerprint, tlsVersion: 'TLSv1.3' })
    client.send(publishFrame(`v1/${site}/pump-7/telemetry`, 'x'.repeat(40_000)))
    expect((await client.packet(1))[0]).toBe(0x40)
    client.socket.end()
    await edge.observed('disconnect', ({ session }) => session === connected.session)
  })

  it('IPv6 likewise', async () => {
    const source = Buffer.from('fd000001000000000000000000000007', 'hex')
    const client = await device(proxyHeader({ family: 0x21, addresses: tcp6From(source) }))
    expect((await client.packet(0))[3]).toBe(0)
    await edge.observed('connect', ({ address }) => address === 'fd00:1::7')
    client.socket.destroy()
  })

  it('a header that comes byte by byte, and with the handshake behind it in one piece', async () => {
    const socket = open(edge.port, balancer, Buffer.alloc(0))
    socket.setNoDelay(true)
    const header = from4(10, 9, 0, 1)
    for (const byte of header.subarray(0, 20)) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    socket.cork()
    socket.write(header.subarray(20))
    setImmediate(() => socket.uncork())
    const client = await openRaw(edge.port, good, { socket })
    client.send(connectFrame('pump-7'))
    expect((await client.packet(0))[3]).toBe(0)
    client.socket.destroy()
  })

  it('an untrusted certificate is refused with the address behind the load balancer', async () => {
    await device(from4(10, 66, 6, 6), rogue)
    await edge.observed('refused', ({ address, reason }) => address === '10.66.6.6' && reason === 'untrusted-certificate')
  })

  it('a handshake that fails has that address too', async () => {
    await closed(open(edge.port, balancer, Buffer.concat([from4(10, 66, 6, 7), Buffer.from('GET / HTTP/1.1\r\n\r\n')])))
    await edge.observed('refused', ({ address, reason }) => address === '10.66.6.7' && reason === 'tls-handshake')
    await openRaw(edge.port, good, { socket: open(edge.port, balancer, from4(10, 66, 6, 8)), maxVersion: 'TLSv1.2' }).catch(() => {})
    await edge.observed('refused', ({ address, reason }) => address === '10.66.6.8' && reason === 'tls-version')
    await closed(open(edge.port, balancer, from4(10, 66, 6, 9)))
    await edge.observed('refused', ({ address, reason }) => address === '10.66.6.9' && reason === 'handshake-timeout')
  })

  it('many connects from one address are refused, those of others behind the same load balancer are not', async () => {
    const clients = await Promise.allSettled(
      Array.from({ length: 9 }, () => openRaw(edge.port, good, { socket: open(edge.port, balancer, from4(10, 7, 7, 7)) })),
    )
    expect(clients.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(7)
    await edge.observed('refused', ({ address, reason }) => address === '10.7.7.7' && reason === 'connect-rate')
    const other = await device(from4(10, 7, 7, 8))
    expect((await other.packet(0))[3]).toBe(0)
    for (const client of clients) if (client.status === 'fulfilled') client.value.socket.destroy()
    other.socket.destroy()
  })

  it('a listed address without a header, or with a wrong one, is refused', async () => {
    const refusals = (): Promise<number> => edge.stats().then(({ refusals: all }) => all['proxy-header'] ?? 0)
    const wrong = [
      Buffer.from([0x16, 3, 1, 2, 0]),
      Buffer.from('PROXY TCP4 10.9.8.7 10.0.0.1 49152 8883\r\n'),
      proxyHeader({ version: 1 }),
      proxyHeader({ command: 2 }),
      proxyHeader({ family: 0x12 }),
      proxyHeader({ family: 0, addresses: [] }),
      proxyHeader({ declaredBytes: 65_000 }),
      proxyHeader({ extensions: Buffer.from([4, 0, 9, 1]) }),
    ]
    for (const [i, bytes] of wrong.entries()) {
      await closed(open(edge.port, balancer, bytes))
      expect(await refusals()).toBe(i + 1)
    }
    const cut = open(edge.port, balancer, proxyHeader().subarray(0, 20))
    cut.end()
    await closed(cut)
    expect(await refusals()).toBe(wrong.length + 1)
    await edge.observed('refused', ({ address, reason }) => address === balancer && reason === 'proxy-header')
  })

  it('a header that does not come in time is refused', async () => {
    const startedAt = performance.now()
    await closed(open(edge.port, balancer, proxyHeader().subarray(0, 5)))
    expect(performance.now() - startedAt).toBeGreaterThan(300)
    await edge.observed('refused', ({ address, reason }) => address === balancer && reason === 'proxy-timeout')
  })

  it('a header from elsewhere is refused: nobody may tell another address than his own', async () => {
    await closed(open(edge.port, elsewhere, proxyHeader()))
    await edge.observed('refused', ({ address, reason }) => address === elsewhere && reason === 'proxy-unlisted')
    await closed(open(edge.port, elsewhere, Buffer.from('\r')))
    expect((await edge.stats()).refusals['proxy-unlisted']).toBe(2)
  })

  it('from elsewhere a device comes in directly, with its own address', async () => {
    const client = await openRaw(edge.port, good, { socket: open(edge.port, elsewhere, Buffer.alloc(0)) })
    client.send(connectFrame('pump-7'))
    expect((await client.packet(0))[3]).toBe(0)
    await edge.observed('connect', ({ address }) => address === elsewhere)
    client.socket.destroy()
  })

  it('health checks are no observations: a bare connection, LOCAL and a goodbye, LOCAL and a reset', async () => {
    const before = edge.observations('refused').length
    const bare = open(edge.port, balancer, Buffer.alloc(0))
    bare.once('connect', () => bare.end())
    await closed(bare)
    for (const goodbye of ['end', 'resetAndDestroy'] as const) {
      const local = open(edge.port, balancer, proxyHeader({ command: 0, family: 0, addresses: [] }))
      local.once('connect', () => setTimeout(() => local[goodbye](), 50))
      await closed(local)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(edge.observations('refused').length).toBe(before)
    expect((await edge.stats()).handshakes).toBe(0)
  })

  it('LOCAL with a handshake behind it is the load balancer itself', async () => {
    const client = await device(proxyHeader({ command: 0, family: 0, addresses: [] }))
    expect((await client.packet(0))[3]).toBe(0)
    await edge.observed('connect', ({ address }) => address === balancer)
    client.socket.destroy()
  })

  it('what never says a word does not stay', async () => {
    const silent = [open(edge.port, balancer, Buffer.alloc(0)), open(edge.port, elsewhere, Buffer.alloc(0))]
    await Promise.all(silent.map(closed))
    expect((await edge.stats()).handshakes).toBe(0)
  })
})
