import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
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
})
