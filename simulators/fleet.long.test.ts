import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestAuthority, type TestIdentity, createTestAuthority } from '../broker/test-certificates.ts'
import { type TestBroker, startTestBroker } from './test-broker.ts'

const devices = 5_000
const bun = join(import.meta.dirname, '../node_modules/@oven/bun-linux-x64/bin/bun')
const runtimes = [{ runtime: 'Node', program: process.execPath }, ...(existsSync(bun) ? [{ runtime: 'Bun', program: bun }] : [])]

let authority: TestAuthority
let broker: TestBroker
let identities: TestIdentity[]
beforeAll(async () => {
  authority = await createTestAuthority('Fleet')
  const server = await authority.issue({ commonName: 'edge', purpose: 'server' })
  broker = await startTestBroker({ tls: { key: server.keyPem, cert: server.certificatePem, ca: authority.certificatePem } })
  // Each its own: a shared secure context would flatter the figure.
  identities = []
  for (let i = 0; i < devices; i++) identities.push(await authority.issue({ commonName: `device-${i}`, purpose: 'client' }))
}, 180_000)
afterAll(() => broker.stop())

it.each(runtimes)(
  '5,000 devices with certificates of their own live in one process within 1 GiB, on $runtime',
  { timeout: 180_000 },
  async ({ program }) => {
    const child = spawn(program, [join(import.meta.dirname, 'fleet-memory-process.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
    const said: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    const order = {
      port: broker.port,
      devices,
      forMs: 20_000,
      caPem: authority.certificatePem,
      identities: identities.map(({ certificatePem, keyPem }) => ({ certificatePem, keyPem })),
    }
    child.stdin.end(JSON.stringify(order))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(0)
    const measure = JSON.parse(Buffer.concat(said).toString()) as {
      rssBytesMax: number
      connected: number
      dropped: number
      after: { published: number; acknowledged: number }
    }
    process.stdout.write(`${JSON.stringify(measure)}\n`)
    expect(measure.connected).toBe(devices)
    expect(measure.rssBytesMax).toBeLessThan(1_073_741_824)
    expect(measure.dropped).toBe(0)
    expect(measure.after.acknowledged).toBe(measure.after.published)
  },
)
