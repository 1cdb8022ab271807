import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbBenchLog, noLog } from './bench-log.ts'
import { type BenchFleet, createBenchFleet } from './edge-fleet.ts'
import {
  edgeLoads,
  type EdgeRun,
  type EdgeRunOptions,
  type EdgeServer,
  type EdgeShape,
  medianRun,
  runEdge,
  serverCore,
  startEdgeServer,
} from './edge-run.ts'
import { startPinned, stopped } from './pinned-child.ts'

export interface EdgeBenchOptions extends EdgeRunOptions {
  /** The program that runs the edge: a path of Bun or Node. */
  readonly edgeRuntime: string
  /** Alternating runs, edge and mosquitto; the medians are told. */
  readonly repeats: number
  readonly shapes: readonly EdgeShape[]
  /** 'none' shows what the log costs. */
  readonly log: 'lmdb' | 'none'
  readonly progress?: (line: string) => void
}

export interface EdgeShapeFigures {
  readonly edge: EdgeRun
  readonly mosquitto: EdgeRun | null
  /** Messages per CPU-second, edge over mosquitto; null without mosquitto. */
  readonly ratio: number | null
}

export type EdgeFigures = Partial<Record<EdgeShape, EdgeShapeFigures>>

const mosquittoPath = '/usr/sbin/mosquitto'

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

const startMosquitto = async (directory: string, fleet: BenchFleet): Promise<EdgeServer> => {
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
  const { child } = startPinned(serverCore, mosquittoPath, ['-c', config])
  await reachable(port)
  return { child, port }
}

/**
 * Messages per CPU-second of the edge process, over mTLS with the durable log, its encryption and the ACL, beside Debian's mosquitto in
 * the same runs under the same load (TLS 1.3, client certificates, an ACL pattern, nothing persisted). Servers on core 0, the load on core 1.
 */
export const benchEdge = async (options: EdgeBenchOptions): Promise<EdgeFigures> => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-bench-edge-'))
  const tell = options.progress ?? (() => {})
  try {
    const fleet = await createBenchFleet(Math.max(...options.shapes.map((shape) => edgeLoads[shape].connections)))
    const fleetFile = join(directory, 'fleet.json')
    writeFileSync(fleetFile, JSON.stringify(fleet), { mode: 0o600 })
    const answer: EdgeFigures = {}
    for (const shape of options.shapes) {
      const edgeRuns: EdgeRun[] = []
      const mosquittoRuns: EdgeRun[] = []
      for (let i = 0; i < options.repeats; i++) {
        const own = join(directory, `${shape}-${i}`)
        mkdirSync(own)
        const log = options.log === 'none' ? noLog : lmdbBenchLog(join(own, 'log'))
        const edge = await startEdgeServer({ edgeRuntime: options.edgeRuntime, fleetFile, log })
        try {
          edgeRuns.push(await runEdge(edge, shape, fleetFile, options))
        } finally {
          await stopped(edge.child)
        }
        tell(`${shape} edge ${JSON.stringify(edgeRuns.at(-1))}`)
        if (!existsSync(mosquittoPath)) continue
        const mosquitto = await startMosquitto(own, fleet)
        try {
          mosquittoRuns.push(await runEdge(mosquitto, shape, fleetFile, options))
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
