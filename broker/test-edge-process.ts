import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { systemClock } from '../contracts/clock.ts'
import type { Command } from '../contracts/command.ts'
import { silentLogger } from '../contracts/logger.ts'
import type { DeviceRecord } from '../contracts/registry.ts'
import { parseAddressList } from './address-list.ts'
import { startEdge } from './edge.ts'
import { edgeLimits } from './limits.ts'
import type { TlsMaterial } from './listener.ts'
import { createSteerableLog, type LogMode, type SeenRecord } from './test-log.ts'

// An edge in a process of its own, on whatever runtime it was started with; `test-edge.ts` speaks to it in lines of JSON.
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)
const log = createSteerableLog((record: SeenRecord) => say({ record }))

const records = new Map<string, DeviceRecord>()
const listeners = new Set<(record: DeviceRecord) => void>()
const directory = {
  device: (id: string) => records.get(id),
  byFingerprint: (fingerprint: string) => [...records.values()].find((record) => record.fingerprints.includes(fingerprint)),
  get passwordDevices() {
    return [...records.values()].filter(({ status, passwordHash }) => status === 'enrolled' && passwordHash !== null).length
  },
  onChange(listener: (record: DeviceRecord) => void) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

const { tls, limits, devices, proxyFrom } = JSON.parse(process.argv[2]!) as {
  tls: TlsMaterial
  limits: object
  devices: DeviceRecord[]
  proxyFrom: string[] | null
}
const proxies = proxyFrom === null ? null : parseAddressList(proxyFrom)
for (const record of devices) records.set(record.device, record)
const unread: DeviceRecord[] = []
let registryAway = false
let checks = 0
let checksAtOnce = 0
const edge = await startEdge({
  log,
  directory,
  tls,
  host: '127.0.0.1',
  port: 0,
  limits: edgeLimits.parse(limits),
  clock: systemClock,
  logger: silentLogger,
  newId: randomUUID,
  edge: 'edge-0',
  writesClock: true,
  ...(proxies?.ok === true ? { proxyFrom: proxies.list } : {}),
  async registryReached() {
    if (registryAway) throw new Error('the log is away')
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const record of unread.splice(0)) methods['change']!(record as never)
  },
  // The hash of a test is `plain:<password>`; the decoy is none.
  async verifyPassword(hash, password) {
    checks++
    checksAtOnce = Math.max(checksAtOnce, checks)
    await new Promise((resolve) => setTimeout(resolve, 20))
    checks--
    return hash === `plain:${password.toString()}`
  },
})

const methods = {
  mode: (mode: LogMode) => log.setMode(mode),
  /** What stands in the registry's log: the edge reads it once it asks. */
  later(record: DeviceRecord) {
    unread.push(record)
  },
  registryAway(is: boolean) {
    registryAway = is
  },
  change(record: DeviceRecord) {
    records.set(record.device, record)
    for (const listener of listeners) listener(record)
  },
  stats: () => ({ ...edge.stats(), checksAtOnce }),
  deliver: (command: Command) => edge.deliver(command),
  async close() {
    const startedAt = performance.now()
    await edge.close()
    return performance.now() - startedAt
  },
} as Record<string, (argument: never) => unknown>

say({ port: edge.port })
process.on('uncaughtException', (error) => {
  say({ crash: String(error.stack) })
  process.exit(1)
})
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, argument } = JSON.parse(line) as { id: number; method: string; argument: unknown }
  // Answered as it comes: a delivery may wait for what the next line asks for.
  void Promise.resolve(methods[method]!(argument as never)).then((result) => say({ id, result }))
}
process.exit(0)
