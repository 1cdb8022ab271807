import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { type BenchFleet, createBenchFleet } from './edge-fleet.ts'
import type { LoadFigures, LoadOptions } from './edge-load.ts'

export interface EdgeBenchOptions {
  /** The program that runs the edge: a path of Bun or Node. */
  readonly edgeRuntime: string
  /** The program that runs the load; Bun needs least of the machine. */
  readonly loadRuntime: string
  /** Each run, after a warm-up of a fourth of it. */
  readonly secondsPerRun: number
  /** Alternating runs, edge and mosquitto; the medians are told. */
  readonly repeats: number
  readonly shapes: readonly EdgeShape[]
  /** 'none' shows what the log costs. */
  readonly log: 'lmdb' | 'none'
  readonly progress?: (line: string) => void
}

export const edgeShapes = ['window4', 'window1', 'fleet'] as const
export type EdgeShape = (typeof edgeShapes)[number]

export interface EdgeRun {
  readonly messagesPerCpuSecond: number
  readonly messagesPerSecond: number
  /** Share of a core that the server used. */
  readonly cpuShare: number
  readonly ackMs: { readonly p50: number; readonly p99: number }
  /** Resident memory that the connections added, kB each. */
  readonly kbPerConnection: number
}

export interface EdgeShapeFigures {
  readonly edge: EdgeRun
  readonly mosquitto: EdgeRun | null
  /** Messages per CPU-second, edge over mosquitto; null without mosquitto. */
  readonly ratio: number | null
}

export type EdgeFigures = Partial<Record<EdgeShape, EdgeShapeFigures>>

const loads: Record<EdgeShape, Pick<LoadOptions, 'connections' | 'window' | 'perSecond'>> = {
  window4: { connections: 1_000, window: 4 },
  window1: { connections: 1_000, window: 1 },
  fleet: { connections: 5_000, perSecond: 2 },
}
const here = import.meta.dirname
const ticksPerSecond = 100
const serverCore = '0'
const loadCore = '1'
const mosquittoPath = '/usr/sbin/mosquitto'

/** CPU seconds of a process, all its threads. */
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
const residentKb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])

interface Spoken {
  readonly child: ChildProcess
  readonly lines: Interface
  line(): Promise<string>
}

/** A child process, pinned, that is spoken to in lines. */
const start = (core: string, command: string, args: readonly string[]): Spoken => {
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const iterator = lines[Symbol.asyncIterator]()
  return {
    child,
    lines,
    async line() {
      const { value, done } = await iterator.next()
      if (done === true) throw new Error(`${command} ${args[0] ?? ''} ended without a word`)
      return value
    },
  }
}

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const reachable = async (port: number): Promise<void> => {
  const { connect } = await import('node:net')
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const startMosquitto = async (directory: string, fleet: BenchFleet): Promise<{ child: ChildProcess; port: number }> => {
  const port = await freePort()
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const config = file(
    'mosquitto.conf',
    [
      'user root',
      'persistence false',
      'log_dest none',
      'set_tcp_nodelay true',
      'max_queued_messages 0',
      `listener ${port} 127.0.0.1`,
      `cafile ${file('ca.pem', fleet.caPem)}`,
      `certfile ${file('server.pem', fleet.server.certificatePem)}`,
      `keyfile ${file('server-key.pem', fleet.server.keyPem)}`,
      'tls_version tlsv1.3',
      'require_certificate true',
      'use_identity_as_username true',
      `acl_file ${file('acl', ['telemetry', 'event', 'status'].map((leaf) => `pattern write v1/${fleet.site}/%u/${leaf}\n`).join('') + `pattern read v1/${fleet.site}/%u/command\n`)}`,
      '',
    ].join('\n'),
  )
  const { child } = start(serverCore, mosquittoPath, ['-c', config])
  await reachable(port)
  return { child, port }
}

const startEdgeServer = async (
  directory: string,
  fleetFile: string,
  options: EdgeBenchOptions,
): Promise<{ child: ChildProcess; port: number }> => {
  const server = start(serverCore, options.edgeRuntime, [join(here, 'edge-server.ts'), fleetFile, join(directory, 'log'), options.log])
  return { child: server.child, port: Number((await server.line()).split(' ')[1]) }
}

/** One run: the server's CPU time over what was acknowledged in it. */
const run = async (
  server: { child: ChildProcess; port: number },
  shape: EdgeShape,
  fleetFile: string,
  options: EdgeBenchOptions,
): Promise<EdgeRun> => {
  const pid = server.child.pid!
  const load = loads[shape]
  const idleKb = residentKb(pid)
  const loadOptions: LoadOptions = { fleetFile, port: server.port, ...load }
  const client = start(loadCore, options.loadRuntime, [join(here, 'edge-load.ts'), JSON.stringify(loadOptions)])
  try {
    await client.line()
    await new Promise((resolve) => setTimeout(resolve, options.secondsPerRun * 250))
    const before = cpuSeconds(pid)
    client.child.stdin!.write(`measure ${options.secondsPerRun}\n`)
    const figures = JSON.parse(await client.line()) as LoadFigures
    const used = cpuSeconds(pid) - before
    if (figures.lost > 0) throw new Error(`${figures.lost} connections were lost during the run`)
    return {
      messagesPerCpuSecond: figures.acknowledged / used,
      messagesPerSecond: figures.acknowledged / figures.seconds,
      cpuShare: used / figures.seconds,
      ackMs: figures.ackMs,
      kbPerConnection: (residentKb(pid) - idleKb) / load.connections,
    }
  } finally {
    client.child.kill()
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const medianRun = (runs: readonly EdgeRun[]): EdgeRun => ({
  messagesPerCpuSecond: median(runs.map((r) => r.messagesPerCpuSecond)),
  messagesPerSecond: median(runs.map((r) => r.messagesPerSecond)),
  cpuShare: median(runs.map((r) => r.cpuShare)),
  ackMs: { p50: median(runs.map((r) => r.ackMs.p50)), p99: median(runs.map((r) => r.ackMs.p99)) },
  kbPerConnection: median(runs.map((r) => r.kbPerConnection)),
})

/**
 * Messages per CPU-second of the edge process, over mTLS with the durable log, its encryption and the ACL, beside Debian's mosquitto in
 * the same runs under the same load (TLS 1.3, client certificates, an ACL pattern, nothing persisted). Servers on core 0, the load on core 1.
 */
export const benchEdge = async (options: EdgeBenchOptions): Promise<EdgeFigures> => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bench-edge-'))
  const tell = options.progress ?? (() => {})
  try {
    const fleet = await createBenchFleet(Math.max(...options.shapes.map((shape) => loads[shape].connections)))
    const fleetFile = join(directory, 'fleet.json')
    writeFileSync(fleetFile, JSON.stringify(fleet), { mode: 0o600 })
    const answer: EdgeFigures = {}
    for (const shape of options.shapes) {
      const edgeRuns: EdgeRun[] = []
      const mosquittoRuns: EdgeRun[] = []
      for (let i = 0; i < options.repeats; i++) {
        const own = join(directory, `${shape}-${i}`)
        mkdirSync(own)
        const edge = await startEdgeServer(own, fleetFile, options)
        try {
          edgeRuns.push(await run(edge, shape, fleetFile, options))
        } finally {
          await stopped(edge.child)
        }
        tell(`${shape} edge ${JSON.stringify(edgeRuns.at(-1))}`)
        if (!existsSync(mosquittoPath)) continue
        const mosquitto = await startMosquitto(own, fleet)
        try {
          mosquittoRuns.push(await run(mosquitto, shape, fleetFile, options))
        } finally {
          await stopped(mosquitto.child)
        }
        tell(`${shape} mosquitto ${JSON.stringify(mosquittoRuns.at(-1))}`)
        rmSync(own, { recursive: true, force: true })
      }
      const edge = medianRun(edgeRuns)
      const mosquitto = mosquittoRuns.length === 0 ? null : medianRun(mosquittoRuns)
      answer[shape] = { edge, mosquitto, ratio: mosquitto === null ? null : edge.messagesPerCpuSecond / mosquitto.messagesPerCpuSecond }
    }
    return answer
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
