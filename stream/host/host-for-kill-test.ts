import { writeSync } from 'node:fs'
import { join } from 'node:path'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { silentLogger } from '../../contracts/logger.ts'
import type { Observation } from '../../contracts/observation.ts'
import { openLmdbLog } from '../lmdb/open-lmdb-log.ts'
import { openLmdbStateStore } from '../lmdb/state-store.ts'
import { createSealer } from '../seal.ts'
import { createDetectorHost } from './detector-host.ts'
import { detectorsForTests, presenceForTests } from './stages-for-tests.ts'

export const jsonDecoder: EnvelopeDecoder = {
  version: 1,
  decode: (value) => ({ outcome: 'ok', observation: JSON.parse(Buffer.from(value.subarray(8)).toString()) as Observation }),
}
export const sizeCheckSteps = 8

export const openKillTestLog = (directory: string) =>
  openLmdbLog({
    directory: join(directory, 'log'),
    sealer: createSealer(Buffer.alloc(32, 7), 'log'),
    clock: { now: () => Date.now() },
    mode: 'owner',
    lingerMsMax: 1,
  })

/**
 * One life of a host in a process of its own, for `kill.test.ts`: says on stdout how many findings are durable, ends by itself
 * (with code 0 and a last checkpoint) when it has read up to `records`.
 */
export const liveUntil = async (directory: string, nextOffsets: Readonly<Record<string, number>>): Promise<void> => {
  const log = await openKillTestLog(directory)
  const stateStore = await openLmdbStateStore({ directory: join(directory, 'state'), sealer: createSealer(Buffer.alloc(32, 7), 'state') })
  const host = createDetectorHost({
    log,
    stateStore,
    decoder: jsonDecoder,
    detectors: detectorsForTests,
    derivations: [presenceForTests],
    group: 'kill-test',
    logger: silentLogger,
    clock: { now: () => Date.now() },
    checkpointEveryMs: 5,
    touchedKeysMax: 20,
    batchRecordsMax: 40,
    sizeCheckSteps,
    onFinding: () => void writeSync(1, '.'),
  })
  await host.start()
  while (!Object.entries(nextOffsets).every(([name, next]) => (host.stats().nextOffset[name] ?? 0) >= next)) {
    await new Promise((resolve) => void setImmediate(resolve))
  }
  await host.close()
  await stateStore.close()
  await log.close()
}
