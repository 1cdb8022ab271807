import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { configSchema } from '../app/config.ts'
import { ask } from '../app/control/client.ts'
import { startPlatform } from '../app/platform.ts'
import { runtimeCommand } from '../app/runtimes.ts'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import { silentLogger } from '../contracts/logger.ts'
import type { LoadFigures, LoadOptions } from './edge-load.ts'
import { signInTo } from './sign-in.ts'

export interface ConsoleSessionsFigures {
  /** The edge's ack p99 with the sessions over that without, the median of the pairs. */
  readonly ackP99WithSessionsRatio: number
  readonly pairs: readonly { readonly withoutMs: number; readonly withMs: number }[]
  readonly sessions: number
  readonly messagesPerSecond: number
  /** Events that the sessions got while they were measured. */
  readonly eventsReceived: number
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/**
 * 1,000 devices send 5 messages a second each over mTLS; the time from a publish to its PUBACK is measured in turns without a console and with
 * 200 on the stream of events, each signed in by itself.
 */
export const benchConsoleSessions = async ({
  devices = 1_000,
  perSecond = 5,
  sessions = 200,
  seconds = 12,
  pairs = 5,
} = {}): Promise<ConsoleSessionsFigures> => {
  const data = mkdtempSync(join(tmpdir(), 'ww-bench-sessions-'))
  const config = configSchema.parse({ data, mqtt: { port: 0 }, metrics: { port: 0 }, desk: { port: 0 }, logLevel: 'error' })
  const started = await startPlatform({
    config,
    masterKeyFromEnvironment: undefined,
    logger: silentLogger,
    logFile: null,
    onProgress: () => {},
  })
  if (!started.ok) throw new Error(started.problem)
  const { platform } = started
  let load: ChildProcess | undefined
  try {
    const site = 'north'
    const names = Array.from({ length: devices }, (_, i) => `mon-${String(i).padStart(4, '0')}`)
    const enrolled = await enrolSimulated(
      data,
      names.map((device) => ({ device, site, ward: 'icu', model: 'bench' })),
      () => {},
    )
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const fleetFile = join(data, 'fleet.json')
    const keys = names.map((device) => {
      const { certificatePem, privateKeyPem } = enrolled.credentials.get(device) as { certificatePem: string; privateKeyPem: string }
      return { device, certificatePem, keyPem: privateKeyPem }
    })
    writeFileSync(fleetFile, JSON.stringify({ site, devices: keys }), { mode: 0o600 })
    const cookies: string[] = []
    for (let i = 0; i < sessions; i++) cookies.push((await signInTo(data, platform.deskUrl!, `bench-${i}`)).cookie)

    const options: LoadOptions = { fleetFile, port: platform.mqttPort!, connections: devices, perSecond, lives: true }
    const [binary, ...before] = runtimeCommand('edge', 'bun')
    load = spawn(binary, [...before, fileURLToPath(new URL('./edge-load.ts', import.meta.url)), JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: load.stdout! })[Symbol.asyncIterator]()
    if ((await lines.next()).value !== 'ready') throw new Error('the load did not start')
    const measure = async (): Promise<LoadFigures> => {
      load!.stdin!.write(`measure ${seconds}\n`)
      return JSON.parse((await lines.next()).value as string) as LoadFigures
    }
    // Detectors learn, the JIT compiles.
    await measure()

    const measured: { withoutMs: number; withMs: number }[] = []
    let acknowledged = 0
    let eventsReceived = 0
    for (let pair = 0; pair < pairs; pair++) {
      const without = await measure()
      const streams = await Promise.all(cookies.map((cookie) => listen(platform.deskUrl!, cookie, () => eventsReceived++)))
      const among = await measure()
      for (const stop of streams) stop()
      acknowledged += among.acknowledged
      measured.push({ withoutMs: without.ackMs.p99, withMs: among.ackMs.p99 })
      // The ends of 200 streams are not the next measurement's.
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
    const status = await ask<{ alerts: number }>(data, 'status')
    if (!status.ok) throw new Error(status.problem)
    return {
      ackP99WithSessionsRatio: median(measured.map(({ withMs, withoutMs }) => withMs / withoutMs)),
      pairs: measured,
      sessions,
      messagesPerSecond: Math.round(acknowledged / pairs / seconds),
      eventsReceived,
    }
  } finally {
    load?.kill()
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

/** Opens the stream of events as a console does; resolves once it flows. */
const listen = (deskUrl: string, cookie: string, onEvent: () => void): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const asked = request(`${deskUrl}/api/v1/events`, { headers: { cookie, accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the stream of events answered ${response.statusCode}`))
      response.on('data', onEvent)
      resolve(() => asked.destroy())
    })
    asked.on('error', (error) => {
      if (!asked.destroyed) reject(error)
    })
    asked.end()
  })
