import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

const haproxy = '/usr/sbin/haproxy'

/** Why there can be no load balancer on this machine; null when there can. */
export const lackingBalancer = (): string | null => (existsSync(haproxy) ? null : 'haproxy is not installed')

/** What an edge has to list in `mqtt.proxyFrom`. */
export const balancerAddress = '127.0.0.2'

export interface Balancer {
  readonly port: number
  stop(): Promise<void>
}

export interface BalancedEdge {
  readonly name: string
  readonly mqttPort: number
  readonly healthPort: number
}

const configuration = (port: number, edges: readonly BalancedEdge[]): string => `defaults
  mode tcp
  timeout connect 2s
  timeout check 3s
  timeout client 5m
  timeout server 5m
frontend devices
  bind 127.0.0.1:${port}
  default_backend edges
backend edges
  balance roundrobin
  source ${balancerAddress}
  option redispatch
  option httpchk GET /readyz
  default-server send-proxy-v2 inter 500ms fall 3 rise 1 on-marked-down shutdown-sessions
${edges.map(({ name, mqttPort, healthPort }) => `  server ${name} 127.0.0.1:${mqttPort} check port ${healthPort}\n`).join('')}`

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** haproxy before the edges, as docs/edges.md has it: TCP, PROXY protocol, and nobody is sent to an edge that says it is not ready. */
export const startBalancer = async (file: string, edges: readonly BalancedEdge[]): Promise<Balancer> => {
  const port = await freePort()
  writeFileSync(file, configuration(port, edges))
  const child = spawn(haproxy, ['-db', '-f', file], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  await until('the load balancer listens', () => answers(port), 10_000)
  return {
    port,
    async stop() {
      process.removeListener('exit', atExit)
      child.kill('SIGKILL')
      await exited
    },
  }
}
