import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { startEdge } from '../broker/edge.ts'
import { edgeLimits } from '../broker/limits.ts'
import { systemClock } from '../contracts/clock.ts'
import { silentLogger } from '../contracts/logger.ts'
import { type BenchLog, openBenchLog } from './bench-log.ts'
import { type BenchFleet, directoryOf } from './edge-fleet.ts'

// The edge as a bench runs it: `edge-server.ts FLEET LOG-as-JSON`. Prints `port N`; on SIGTERM its figures as JSON.
const [fleetFile, logPlan] = process.argv.slice(2) as [string, string]
const fleet = JSON.parse(readFileSync(fleetFile, 'utf8')) as BenchFleet
const log = await openBenchLog(JSON.parse(logPlan) as BenchLog)
const edge = await startEdge({
  log,
  directory: directoryOf(fleet),
  tls: { keyPem: fleet.server.keyPem, certificatePem: fleet.server.certificatePem, caPem: fleet.caPem },
  host: '127.0.0.1',
  port: 0,
  // The bench measures the way of a message, not the guards against a flood from one address.
  limits: edgeLimits.parse({
    connectsPerSecondPerAddressMax: 100_000,
    connectsBurstPerAddressMax: 100_000,
    publishesPerSecondPerDeviceMax: 10_000,
    publishesBurstPerDeviceMax: 10_000,
    bytesPerSecondPerDeviceMax: 10_000_000,
    bytesBurstPerDeviceMax: 10_000_000,
  }),
  clock: systemClock,
  logger: silentLogger,
  newId: randomUUID,
  edge: 'edge-0',
  writesClock: true,
})
console.log(`port ${edge.port}`)
process.on('SIGTERM', () => {
  const stats = edge.stats()
  void edge
    .close()
    .then(() => log.close())
    .then(() => {
      console.log(JSON.stringify({ ...stats, log: log.stats() }))
      process.exit(0)
    })
})
