import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectFrame, openRaw, publishFrame, type RawClient } from './test-client.ts'
import { createTestWorld, runtimes, site, startTestEdge, type TestEdge, testRecord, type TestWorld } from './test-edge.ts'
import type { TestIdentity } from './test-certificates.ts'

const haproxy = '/usr/sbin/haproxy'
const devices = 12

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe.skipIf(!existsSync(haproxy)).each(runtimes)(
  "two edges behind Debian's haproxy with send-proxy-v2 (skipped where it is not installed), on $runtime",
  ({ program }) => {
    let world: TestWorld
    let edges: TestEdge[]
    let balancer: ChildProcess
    let port: number
    let directory: string
    const identities: TestIdentity[] = []
    const name = (i: number): string => `pump-${i}`
    const addressOf = (i: number): string => `127.0.9.${i + 1}`

    /** haproxy connects from 127.0.0.2, the one that may tell a source. */
    const config = (frontPort: number, ports: readonly number[]): string => `
defaults
  mode tcp
  timeout connect 2s
  timeout check 3s
  timeout client 20s
  timeout server 20s
frontend devices
  bind 127.0.0.1:${frontPort}
  default_backend edges
backend edges
  balance roundrobin
  source 127.0.0.2
  option redispatch
  default-server send-proxy-v2 check check-send-proxy inter 300ms fall 3 rise 1 on-marked-down shutdown-sessions
${ports.map((edgePort, i) => `  server edge${i} 127.0.0.1:${edgePort}`).join('\n')}
`
    const connectDevice = async (i: number): Promise<RawClient> => {
      const client = await openRaw(port, identities[i]!, { localAddress: addressOf(i) } as object)
      client.send(connectFrame(name(i)))
      expect((await client.packet(0))[3]).toBe(0)
      return client
    }

    beforeAll(async () => {
      world = await createTestWorld()
      for (let i = 0; i < devices; i++) identities.push(await world.authority.issue({ commonName: name(i), purpose: 'client' }))
      const records = identities.map(({ fingerprint }, i) => testRecord(name(i), [fingerprint]))
      edges = await Promise.all([0, 1].map(() => startTestEdge(program, world, records, {}, ['127.0.0.2'])))
      port = await freePort()
      directory = mkdtempSync(join(tmpdir(), 'wardwatch-haproxy-'))
      const file = join(directory, 'haproxy.cfg')
      writeFileSync(
        file,
        config(
          port,
          edges.map((edge) => edge.port),
        ),
      )
      balancer = spawn(haproxy, ['-db', '-f', file], { stdio: 'ignore' })
      await new Promise((resolve) => setTimeout(resolve, 500))
    })
    afterAll(async () => {
      balancer.kill('SIGKILL')
      await Promise.all(edges.map((edge) => edge.stop()))
      rmSync(directory, { recursive: true, force: true })
    })

    it('devices on both edges have their own addresses, and health checks are no observations', async () => {
      const clients = await Promise.all(identities.map((_, i) => connectDevice(i)))
      for (const [i, client] of clients.entries()) client.send(publishFrame(`v1/${site}/${name(i)}/telemetry`, `{"n":${i}}`))
      for (const client of clients) expect((await client.packet(1))[0]).toBe(0x40)
      const connects = edges.map((edge) => edge.observations('connect'))
      for (const some of connects) expect(some.length).toBeGreaterThan(devices / 4)
      for (const { device, address } of connects.flat()) expect(address).toBe(addressOf(Number(device!.slice(5))))
      expect(edges.flatMap((edge) => edge.observations('refused'))).toEqual([])
      for (const client of clients) client.socket.destroy()
    })

    it('an intruder is refused with his own address', async () => {
      const rogue = await world.rogue.issue({ commonName: 'pump-0', purpose: 'client' })
      await openRaw(port, rogue, { localAddress: '127.0.66.6' } as object).catch(() => {})
      const refused = await Promise.race(edges.map((edge) => edge.observed('refused', ({ reason }) => reason === 'untrusted-certificate')))
      expect(refused).toMatchObject({ address: '127.0.66.6', device: 'pump-0' })
    })

    it('when an edge goes, its devices come back to the other one', async () => {
      const client = await connectDevice(1)
      const other = await connectDevice(2)
      await edges[0]!.close()
      await Promise.race([client.closed, other.closed])
      const again = await Promise.all([1, 2].map(connectDevice))
      for (const [i, device] of again.entries()) {
        device.send(publishFrame(`v1/${site}/${name(i + 1)}/telemetry`, 'still here'))
        expect((await device.packet(1))[0]).toBe(0x40)
        device.socket.destroy()
      }
      client.socket.destroy()
      other.socket.destroy()
    })
  },
)
