// Runs the detector host over a filled log from its beginning to its end, and says what that cost.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../contracts/logger.ts'
import { loadDetectors } from '../detectors/registry.ts'
import { createEnvelopeDecoder } from '../ingest/envelope-decoder.ts'
import { createDetectorHost } from '../stream/host/detector-host.ts'
import { openLmdbStateStore } from '../stream/lmdb/state-store.ts'
import { createSealer } from '../stream/seal.ts'
import { openBenchLog } from './bench-log.ts'
import type { HostBenchPlan } from './host.ts'

const plan = JSON.parse(readFileSync(0, 'utf8')) as HostBenchPlan & { readonly records: number }
const clock = { now: Date.now }
const log = await openBenchLog(plan.log)
const sealer = createSealer(Buffer.alloc(32, 7), 'state')
const local = await openLmdbStateStore({ directory: join(plan.directory, `state-${process.pid}`), sealer })
const group = process.argv[2]!
const stateStore = 'openStateStore' in log ? log.openStateStore({ group, sealer, local, nowMs: clock.now }) : local
const host = createDetectorHost({
  log,
  stateStore,
  decoder: createEnvelopeDecoder(),
  ...(await loadDetectors()),
  group,
  logger: silentLogger,
  clock,
})
const ends = await log.ranges(['observations.by-device.v1'])
const observed = (): number => Object.values(host.stats().observations).reduce((a, b) => a + b, 0)
/** A quarter of the way: every device is known and the engine has compiled what is hot. A detector process lives for weeks. */
let warm: { readonly observations: number; readonly cpu: NodeJS.CpuUsage } | null = null
const fromCpu = process.cpuUsage()
const from = performance.now()
await host.start()
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { lag, records } = host.stats()
  if (warm === null && records * 4 >= plan.records) warm = { observations: observed(), cpu: process.cpuUsage(fromCpu) }
  // At the start no lag is known, which looks like none.
  if (records >= plan.records && ends.every(({ topic, partition }) => lag[`${topic}/${partition}`] === 0)) break
}
// The last checkpoint is written here: it is part of the cost.
await host.close()
const cpu = process.cpuUsage(fromCpu)
const stats = host.stats()
const seconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6
process.stdout.write(
  `${JSON.stringify({
    observations: observed(),
    cpuSeconds: seconds(cpu),
    warmPerCpuSecond: warm === null ? null : Math.round((observed() - warm.observations) / (seconds(cpu) - seconds(warm.cpu))),
    wallSeconds: (performance.now() - from) / 1e3,
    checkpoints: stats.checkpoint.written,
    stateBytesMean: stats.checkpoint.stateBytesMean,
    stateBytesMax: stats.checkpoint.stateBytesMax,
    findings: stats.findings,
    faults: stats.faults,
    residentBytes: process.memoryUsage.rss(),
  })}\n`,
)
process.exit(0)
