import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { createTestAuthority } from '../../broker/test-certificates.ts'
import { systemClock } from '../../contracts/clock.ts'
import { createAuthority } from '../../registry/authority.ts'
import { startTestBroker } from '../../simulators/test-broker.ts'
import { writeFleetFile } from '../fleet-file.ts'
import { issueServerCertificate } from '../issue-certificate.ts'
import { planQuietFleet } from '../simulated-fleet.ts'
import { dispatch } from './dispatch.ts'

const folder = mkdtempSync(join(tmpdir(), 'wardwatch-simulate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

interface Keys {
  readonly caPem: string
  readonly certificatePem?: string
  readonly privateKeyPem?: string
}

/** `wardwatch simulate` in this process, stopped by TERM once `until`, which sees what was said on standard error, has resolved. */
const simulate = async (port: number, keys: Keys, until: (told: Promise<void>) => Promise<void>, more: readonly string[] = []) => {
  const { newcomers } = planQuietFleet({ seed: 7, devices: 3 })
  const path = join(folder, `fleet-${port}.json`)
  writeFleetFile(path, { seed: 7, devices: 3, attacks: false, credentials: new Map(newcomers.map(({ device }) => [device, keys])) })
  const told = Promise.withResolvers<void>()
  let stderr = ''
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text)
    told.resolve()
    return true
  })
  // The command listens for as long as its process lives: here that is longer than one command.
  const before = process.listeners('SIGTERM')
  const ended = dispatch(['simulate', '--data', folder, '--fleet', path, '--mqtt-port', String(port), ...more])
  await until(told.promise)
  process.emit('SIGTERM')
  for (const listener of process.listeners('SIGTERM')) if (!before.includes(listener)) process.off('SIGTERM', listener)
  return { status: await ended, stderr }
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

it('where nobody listens it says the first reason once, and fails', async () => {
  const { certificatePem } = await createTestAuthority('Simulated')
  const port = await freePort()
  const { status, stderr } = await simulate(port, { caPem: certificatePem }, (told) => told)
  expect(status).toBe(1)
  const [first, last, ...more] = stderr.trimEnd().split('\n')
  expect(first).toMatch(new RegExp(`^wardwatch: \\S+ could not connect to 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`))
  expect([last, more]).toEqual([`wardwatch: no device ever connected to 127.0.0.1:${port}`, []])
})

it('where they are let in it says nothing, and succeeds', async () => {
  const authority = await createTestAuthority('Simulated')
  const server = await authority.issue({ commonName: 'localhost', purpose: 'server' })
  const client = await authority.issue({ commonName: 'device', purpose: 'client' })
  const broker = await startTestBroker({ tls: { key: server.keyPem, cert: server.certificatePem, ca: authority.certificatePem } })
  try {
    const keys = { caPem: authority.certificatePem, certificatePem: client.certificatePem, privateKeyPem: client.keyPem }
    const ended = await simulate(broker.port, keys, () => broker.until(() => broker.received.length > 0))
    expect(ended).toEqual({ status: 0, stderr: '' })
  } finally {
    await broker.stop()
  }
})

it('an edge is taken for what its certificate says: by the first of mqtt.names, a name or an address, and no other', async () => {
  const authority = await createAuthority({ siteName: 'simulated', clock: systemClock })
  const server = await issueServerCertificate(authority, ['edge.example', '10.9.8.7'])
  const client = await authority.issueDeviceCertificate({ device: 'device', days: 1 })
  const broker = await startTestBroker({ tls: { key: server.privateKeyPem, cert: server.certificatePem, ca: authority.certificatePem } })
  try {
    const keys = { caPem: authority.certificatePem, certificatePem: client.certificatePem, privateKeyPem: client.privateKeyPem }
    for (const name of ['edge.example,localhost', '10.9.8.7']) {
      const before = broker.received.length
      const served = () => broker.until(() => broker.received.length > before)
      expect(await simulate(broker.port, keys, served, ['--mqtt-names', name]), name).toEqual({ status: 0, stderr: '' })
    }
    for (const wrong of [[], ['--mqtt-names', '10.9.8.6']]) {
      const { status, stderr } = await simulate(broker.port, keys, (told) => told, wrong)
      expect(status).toBe(1)
      expect(stderr).toMatch(/could not connect to 127\.0\.0\.1:\d+: .*(localhost|10\.9\.8\.6).*cert/)
    }
  } finally {
    await broker.stop()
  }
})
