import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { get } from 'node:https'
import { systemClock } from '../contracts/clock.ts'
import { createAuthority } from '../registry/authority.ts'
import { type HealthServer, startHealthServer } from './health-server.ts'

const elsewhere = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

describe('the health server', () => {
  let server: HealthServer | null = null
  afterEach(() => server?.close())
  const answers = async (host: string, from: string): Promise<number[]> => {
    server = await startHealthServer({ host, port: 0, tls: null, roles: () => [], machine: () => [], now: () => 0 })
    const of = async (path: string): Promise<number> => (await fetch(`http://${from}:${server!.port}${path}`)).status
    return Promise.all(['/healthz', '/readyz', '/metrics', '/status', '/'].map(of))
  }

  it('tells everything on this machine', async () => expect(await answers('127.0.0.1', '127.0.0.1')).toEqual([200, 200, 200, 200, 404]))
  it.skipIf(elsewhere === undefined)('beyond it health and figures, not the processes (skipped without a network)', async () =>
    expect(await answers('0.0.0.0', elsewhere!)).toEqual([200, 200, 200, 404, 404]),
  )

  it('speaks TLS where it has a certificate, and nothing in clear', async () => {
    const authority = await createAuthority({ siteName: 'here', clock: systemClock })
    const { privateKeyPem, certificatePem } = await authority.issueServerCertificate({ names: ['localhost'], addresses: [], days: 1 })
    const tls = { keyPem: privateKeyPem, certificatePem }
    server = await startHealthServer({ host: '127.0.0.1', port: 0, tls, roles: () => [], machine: () => [], now: () => 0 })
    const status = await new Promise((resolve, reject) => {
      const asked = { host: '127.0.0.1', port: server!.port, path: '/healthz', servername: 'localhost', ca: authority.certificatePem }
      get(asked, (answer) => resolve(answer.resume().statusCode)).on('error', reject)
    })
    expect(status).toBe(200)
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow('fetch failed')
  })
})
