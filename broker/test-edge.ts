import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Command } from '../contracts/command.ts'
import type { Session } from '../contracts/observation.ts'
import type { DeviceRecord } from '../contracts/registry.ts'
import type { Delivery } from './commands.ts'
import type { EdgeStats } from './counters.ts'
import { createTestAuthority, type TestAuthority, type TestIdentity } from './test-certificates.ts'
import type { LogMode, SeenRecord } from './test-log.ts'

const root = join(import.meta.dirname, '..')
const bun = join(root, 'node_modules/@oven/bun-linux-x64/bin/bun')

/** The runtimes that are here, with the program of each. */
export const runtimes = [{ runtime: 'Node', program: process.execPath }, ...(existsSync(bun) ? [{ runtime: 'Bun', program: bun }] : [])]

export const site = 'st-mary'

export interface TestWorld {
  readonly authority: TestAuthority
  readonly rogue: TestAuthority
  readonly server: TestIdentity
}

export const createTestWorld = async (): Promise<TestWorld> => {
  const authority = await createTestAuthority('Wardwatch test')
  return {
    authority,
    rogue: await createTestAuthority('Wardwatch test'),
    server: await authority.issue({ commonName: 'edge', purpose: 'server' }),
  }
}

export const testRecord = (device: string, fingerprints: readonly string[], change: Partial<DeviceRecord> = {}): DeviceRecord => ({
  device,
  site,
  ward: 'ward-1',
  model: 'monitor-x',
  firmware: '1.0.0',
  status: 'enrolled',
  fingerprints: [...fingerprints],
  passwordHash: null,
  enrolledAt: 0,
  revokedAt: null,
  revokedReason: null,
  ...change,
})

/** An edge in a child process; its log's records come in as they are durable. */
export interface TestEdge {
  readonly port: number
  readonly pid: number
  readonly records: readonly SeenRecord[]
  /** Resolves with the first record, past or to come, that fits. */
  seen(fits: (record: SeenRecord) => boolean): Promise<SeenRecord>
  /** As above for a session observation on a topic: by the address unless `byDevice`. */
  observed(event: string, fits?: (observation: Session) => boolean, byDevice?: 'byDevice'): Promise<Session>
  /** Those seen so far. */
  observations(event: string, byDevice?: 'byDevice'): readonly Session[]
  messages(): readonly SeenRecord[]
  mode(mode: LogMode): Promise<void>
  change(record: DeviceRecord): Promise<void>
  /** The record stands in the registry's log and the edge has not read it yet. */
  later(record: DeviceRecord): Promise<void>
  /** Whether the registry's log can't be read. */
  registryAway(is: boolean): Promise<void>
  stats(): Promise<EdgeStats & { checksAtOnce: number }>
  deliver(command: Command): Promise<Delivery>
  /** Closes the edge; answers how long it took, ms. */
  close(): Promise<number>
  /** Closes, and ends the process. */
  stop(): Promise<void>
}

export const startTestEdge = async (
  program: string,
  world: TestWorld,
  devices: readonly DeviceRecord[],
  limits: object = {},
  proxyFrom: readonly string[] | null = null,
): Promise<TestEdge> => {
  const tls = { keyPem: world.server.keyPem, certificatePem: world.server.certificatePem, caPem: world.authority.certificatePem }
  const child = spawn(program, [join(import.meta.dirname, 'test-edge-process.ts'), JSON.stringify({ tls, limits, devices, proxyFrom })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const records: SeenRecord[] = []
  const waiting = new Set<{ fits: (record: SeenRecord) => boolean; found: (record: SeenRecord) => void }>()
  const asked = new Map<number, (result: unknown) => void>()
  let port: (port: number) => void = () => {}
  const started = new Promise<number>((resolve, reject) => {
    port = resolve
    child.once('exit', (code) => reject(new Error(`the edge ended with ${code}`)))
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as { record?: SeenRecord; id?: number; result?: unknown; port?: number; crash?: string }
    if (message.crash !== undefined) throw new Error(`the edge crashed: ${message.crash}`)
    if (message.port !== undefined) port(message.port)
    if (message.id !== undefined) asked.get(message.id)!(message.result)
    const { record } = message
    if (record === undefined) return
    records.push(record)
    for (const one of waiting) if (one.fits(record)) one.found(record)
  })
  let ids = 0
  const ask = <Result>(method: string, argument?: unknown): Promise<Result> =>
    new Promise((resolve) => {
      asked.set(++ids, resolve as (result: unknown) => void)
      child.stdin.write(`${JSON.stringify({ id: ids, method, argument })}\n`)
    })
  const seen = (fits: (record: SeenRecord) => boolean): Promise<SeenRecord> => {
    const known = records.find(fits)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((found) => {
      const one = {
        fits,
        found(record: SeenRecord) {
          waiting.delete(one)
          found(record)
        },
      }
      waiting.add(one)
    })
  }
  const isOf = (record: SeenRecord, event: string, byDevice?: 'byDevice'): boolean =>
    record.observation?.event === event &&
    record.topic === (byDevice === undefined ? 'observations.by-source.v1' : 'observations.by-device.v1')
  return {
    port: await started,
    pid: child.pid!,
    records,
    seen,
    observed: async (event, fits = () => true, byDevice) =>
      (await seen((record) => isOf(record, event, byDevice) && fits(record.observation!))).observation!,
    observations: (event, byDevice) => records.filter((record) => isOf(record, event, byDevice)).map(({ observation }) => observation!),
    messages: () => records.filter(({ kind }) => kind === 'message'),
    mode: (mode) => ask('mode', mode),
    change: (record) => ask('change', record),
    later: (record) => ask('later', record),
    registryAway: (is) => ask('registryAway', is),
    stats: () => ask('stats'),
    deliver: (command) => ask('deliver', command),
    close: () => ask('close'),
    async stop() {
      if (child.exitCode !== null) return
      const exit = new Promise((resolve) => child.once('exit', resolve))
      await ask('mode', 'ok')
      await ask('close')
      child.stdin.end()
      await exit
    },
  }
}
