import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../platform/free-port.ts'
import { until } from '../platform/until.ts'
import { toxiproxyProgram } from './toxiproxy-program.ts'

/** `upstream`: what clients send. See toxiproxy's own words for the attributes of each type. */
export interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'slicer' | 'timeout' | 'reset_peer' | 'limit_data'
  readonly stream: 'upstream' | 'downstream'
  readonly attributes: Readonly<Record<string, number>>
}

export interface Toxiproxy {
  /** Clients of this address (host:port) are connected to the other. */
  open(listen: string, upstream: string): Promise<void>
  /** On every connection that stands and that is made. */
  add(listen: string, toxics: readonly Toxic[]): Promise<void>
  /** Closes all connections; new ones are as `open` made them. */
  cure(listen: string): Promise<void>
  /** All connections are closed, and none is taken until `enable`. */
  disable(listen: string): Promise<void>
  enable(listen: string): Promise<void>
  stop(): Promise<void>
}

/** Shopify's toxiproxy on the loopback: a slow, broken or silent way between a client and a server. */
export const startToxiproxy = async (seed: number): Promise<Toxiproxy> => {
  const program = await toxiproxyProgram()
  const port = await freePort()
  const child = spawn(program, ['-host', '127.0.0.1', '-port', String(port), '-seed', String(seed)], {
    stdio: 'ignore',
    env: { ...process.env, LOG_LEVEL: 'error' },
  })
  const exited = once(child, 'exit')
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)

  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  const upstreams = new Map<string, string>()
  const nameOf = (listen: string): string => listen.replace(':', '-')
  const open = async (listen: string, upstream: string): Promise<void> => {
    upstreams.set(listen, upstream)
    await call('POST', '/proxies', { name: nameOf(listen), listen, upstream, enabled: true })
  }
  await until('toxiproxy answers', () =>
    call('GET', '/version').then(
      () => true,
      () => false,
    ),
  )
  return {
    open,
    async add(listen, toxics) {
      for (const toxic of toxics)
        await call('POST', `/proxies/${nameOf(listen)}/toxics`, { ...toxic, name: `${toxic.type}-${toxic.stream}`, toxicity: 1 })
    },
    async cure(listen) {
      // Removing a toxic waits for the connections that it holds up, and may never end: they go with the listener.
      await call('DELETE', `/proxies/${nameOf(listen)}`)
      await open(listen, upstreams.get(listen)!)
    },
    disable: (listen) => call('POST', `/proxies/${nameOf(listen)}`, { enabled: false }),
    enable: (listen) => call('POST', `/proxies/${nameOf(listen)}`, { enabled: true }),
    async stop() {
      process.removeListener('exit', atExit)
      child.kill('SIGKILL')
      await exited
    },
  }
}
