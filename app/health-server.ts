import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { plainAddress } from '../broker/address.ts'
import { isLoopback } from './desk/loopback.ts'
import { leading, liveness, readiness, type Health } from './health.ts'
import { healthSamples } from './metrics/health-samples.ts'
import type { Sample } from './metrics/metric.ts'
import { prometheusText } from './metrics/prometheus-text.ts'
import { roleSamples } from './metrics/role-samples.ts'
import type { RoleStatus } from './supervisor.ts'

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * `/metrics`, `/healthz`, `/readyz` and `/leadz` tell how the platform is, to whoever reaches `host`; `/status` (the roles with their processes and
 * statistics) is for whoever is on this machine.
 */
export const startHealthServer = async (options: {
  readonly host: string
  readonly port: number
  /** Null: in clear. */
  readonly tls: { readonly keyPem: string; readonly certificatePem: string } | null
  readonly roles: () => readonly RoleStatus[]
  /** Of the machine: certificates, disk. */
  readonly machine: () => readonly Sample[]
  readonly now: () => number
}): Promise<HealthServer> => {
  const { host, port, tls, roles, machine, now } = options
  const metrics = (): string => {
    const nowMs = now()
    const all = roles()
    return prometheusText([...healthSamples(all, nowMs), ...machine(), ...all.flatMap((role) => roleSamples(role, nowMs))])
  }
  const tell = (response: ServerResponse, { ok, problems }: Health): void => {
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify({ ok, problems })}\n`)
  }
  const answer: RequestListener = (request, response) => {
    if (request.method !== 'GET') return void response.writeHead(405).end()
    if (request.url === '/metrics') response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metrics())
    else if (request.url === '/healthz') tell(response, liveness(roles(), now()))
    else if (request.url === '/readyz') tell(response, readiness(roles(), now()))
    else if (request.url === '/leadz') tell(response, leading(roles(), now()))
    else if (request.url === '/status' && isLoopback(plainAddress(request.socket.remoteAddress)))
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify({ roles: roles() })}\n`)
    else response.writeHead(404).end()
  }
  const server =
    tls === null ? createServer(answer) : createTlsServer({ key: tls.keyPem, cert: tls.certificatePem, minVersion: 'TLSv1.2' }, answer)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
