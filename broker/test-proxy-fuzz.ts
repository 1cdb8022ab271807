import { connect } from 'node:net'
import { expect } from 'vitest'
import { connectFrame, openRaw, publishFrame } from './test-client.ts'
import { createTestWorld, site, startTestEdge, testRecord } from './test-edge.ts'
import { seededRandom } from './test-fuzz.ts'
import { proxyHeader } from './test-proxy-header.ts'

const balancer = '127.0.0.2'
const atOnce = 12

/**
 * Many connections whose PROXY headers are right, mutated, cut or noise, in pieces cut anywhere, with a handshake, noise or nothing behind them, and
 * a goodbye or a reset at any time; an honest session beside them. Answers the edge's resident memory, MB, a tenth of the way in and at the end.
 */
export const runProxyFuzz = async (program: string, connections: number, seed: number): Promise<readonly [number, number]> => {
  const world = await createTestWorld()
  const hostile = await world.authority.issue({ commonName: 'mallory', purpose: 'client' })
  const friendly = await world.authority.issue({ commonName: 'honest', purpose: 'client' })
  const edge = await startTestEdge(
    program,
    world,
    [testRecord('mallory', [hostile.fingerprint]), testRecord('honest', [friendly.fingerprint])],
    {
      connectsPerSecondPerAddressMax: 100_000,
      connectsBurstPerAddressMax: 100_000,
      proxyHeaderTimeoutMs: 250,
      handshakeTimeoutMs: 300,
      connectTimeoutMs: 300,
    },
    [balancer],
  )
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  const header = (): Buffer => {
    const bytes = proxyHeader({
      ...(random() < 0.2 ? { command: 0, family: 0, addresses: [] } : {}),
      ...(random() < 0.3 ? { extensions: noise(below(40)) } : {}),
    })
    if (random() < 0.3) bytes[below(bytes.length)]! ^= 1 << below(8)
    return random() < 0.2 ? bytes.subarray(0, below(bytes.length)) : random() < 0.1 ? noise(below(60)) : bytes
  }
  const waited = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  const one = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port: edge.port, localAddress: random() < 0.9 ? balancer : '127.0.0.3' })
    socket.on('error', () => {})
    const bytes = header()
    const cut = below(bytes.length + 1)
    if (cut > 0) socket.write(bytes.subarray(0, cut))
    if (random() < 0.3) await waited(below(5))
    if (cut < bytes.length) socket.write(bytes.subarray(cut))
    const what = below(5)
    if (what <= 1) {
      const opened = openRaw(edge.port, hostile, { socket }).catch(() => null)
      const client = await Promise.race([opened, waited(600).then(() => null)])
      client?.send(random() < 0.5 ? connectFrame('mallory') : noise(1 + below(20)))
      if (random() < 0.5) await waited(below(10))
    } else if (what === 2) socket.write(noise(1 + below(100)))
    else if (what === 3) await waited(below(20))
    if (random() < 0.5) socket.resetAndDestroy()
    else socket.destroy()
  }

  const honestSocket = connect({ host: '127.0.0.1', port: edge.port, localAddress: balancer })
  honestSocket.write(proxyHeader({ addresses: [10, 1, 1, 1, 10, 0, 0, 1, 0xc0, 0, 0x22, 0xb3] }))
  const honest = await openRaw(edge.port, friendly, { socket: honestSocket })
  honest.send(connectFrame('honest'))
  await honest.packet(0)
  const resident = async (): Promise<number> => Math.round((await edge.stats()).residentBytes / 1_048_576)
  let begun = 0
  let warmMb = 0
  const worker = async (): Promise<void> => {
    while (begun < connections) {
      if (++begun === Math.ceil(connections / 10)) warmMb = await resident()
      await one()
    }
  }
  const state = { over: false }
  const campaign = Promise.all(Array.from({ length: atOnce }, worker)).then(() => (state.over = true))
  let published = 0
  while (!state.over) {
    published++
    honest.send(publishFrame(`v1/${site}/honest/telemetry`, 'honest', 1, (published % 65_535) + 1))
    await honest.packet(published)
  }
  await campaign
  await waited(700)
  const { connections: open, handshakes, signedIn, refusals } = await edge.stats()
  expect({ open, handshakes, signedIn }).toEqual({ open: 1, handshakes: 0, signedIn: 1 })
  expect(refusals['proxy-header']).toBeGreaterThan(connections / 50)
  expect(edge.messages().filter(({ device }) => device === 'honest')).toHaveLength(published)
  expect(edge.observations('connect').find(({ device }) => device === 'honest')?.address).toBe('10.1.1.1')
  const atEnd = await resident()
  honest.socket.destroy()
  await edge.stop()
  return [warmMb, atEnd]
}
