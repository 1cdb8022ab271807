import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { BenchLog } from './bench-log.ts'
import type { LoadFigures, LoadOptions } from './edge-load.ts'
import { cpuSeconds, residentKb, startPinned } from './pinned-child.ts'

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
  /** CPU of a connection: the TLS handshake with a client certificate, CONNECT, and what is recorded of it. */
  readonly connectCpuMs: number
}

export interface EdgeServer {
  readonly child: ChildProcess
  readonly port: number
}

export interface EdgeRunOptions {
  /** The program that runs the load; Bun needs least of the machine. */
  readonly loadRuntime: string
  /** Each run, after a warm-up of a fourth of it. */
  readonly secondsPerRun: number
}

export const edgeLoads: Record<EdgeShape, Pick<LoadOptions, 'connections' | 'window' | 'perSecond'>> = {
  window4: { connections: 1_000, window: 4 },
  window1: { connections: 1_000, window: 1 },
  fleet: { connections: 5_000, perSecond: 2 },
}
const here = import.meta.dirname
export const serverCore = '0'
export const loadCore = '1'

/** The edge on core 0, on the log that is named; `runtimeFlags` go before the program. */
export const startEdgeServer = async (options: {
  readonly edgeRuntime: string
  readonly runtimeFlags?: readonly string[]
  readonly fleetFile: string
  readonly log: BenchLog
}): Promise<EdgeServer> => {
  const words = [...(options.runtimeFlags ?? []), join(here, 'edge-server.ts'), options.fleetFile, JSON.stringify(options.log)]
  const server = startPinned(serverCore, options.edgeRuntime, words)
  return { child: server.child, port: Number((await server.line()).split(' ')[1]) }
}

/** One run: the server's CPU time over what was acknowledged in it. */
export const runEdge = async (server: EdgeServer, shape: EdgeShape, fleetFile: string, options: EdgeRunOptions): Promise<EdgeRun> => {
  const pid = server.child.pid!
  const load = edgeLoads[shape]
  const idleKb = residentKb(pid)
  const idleCpu = cpuSeconds(pid)
  const loadOptions: LoadOptions = { fleetFile, port: server.port, ...load }
  const client = startPinned(loadCore, options.loadRuntime, [join(here, 'edge-load.ts'), JSON.stringify(loadOptions)])
  try {
    await client.line()
    const connectCpu = cpuSeconds(pid) - idleCpu
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
      connectCpuMs: (connectCpu * 1_000) / load.connections,
    }
  } finally {
    client.child.kill()
  }
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
export const medianRun = (runs: readonly EdgeRun[]): EdgeRun => ({
  messagesPerCpuSecond: median(runs.map((r) => r.messagesPerCpuSecond)),
  messagesPerSecond: median(runs.map((r) => r.messagesPerSecond)),
  cpuShare: median(runs.map((r) => r.cpuShare)),
  ackMs: { p50: median(runs.map((r) => r.ackMs.p50)), p99: median(runs.map((r) => r.ackMs.p99)) },
  kbPerConnection: median(runs.map((r) => r.kbPerConnection)),
  connectCpuMs: median(runs.map((r) => r.connectCpuMs)),
})
