import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { startEdge } from '../broker/edge.ts'
import { edgeLimits } from '../broker/limits.ts'
import { systemClock } from '../contracts/clock.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import { openLmdbLog } from '../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../stream/seal.ts'
import { type BenchFleet, directoryOf } from './edge-fleet.ts'

// The edge as a bench runs it: `edge-server.ts FLEET DIRECTORY [log [limits as JSON]]`. Prints `port N`; on SIGTERM its figures as JSON.
const [fleetFile, directory, kind = 'lmdb', limits = '{}'] = process.argv.slice(2) as [string, string, string?, string?]
const fleet = JSON.parse(readFileSync(fleetFile, 'utf8')) as BenchFleet

const nowhere: EventLog = {
  append: async () => {},
  consume: () => Promise.reject(new Error('nothing is kept')),
  ranges: async () => [],
  read: () => {
    throw new Error('nothing is kept')
  },
  stats: () => ({}),
  close: async () => {},
}
const log =
  kind === 'none'
    ? nowhere
    : await openLmdbLog({ directory, sealer: createSealer(randomBytes(32), 'log'), logger: silentLogger, clock: systemClock })
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
    ...(JSON.parse(limits) as object),
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
