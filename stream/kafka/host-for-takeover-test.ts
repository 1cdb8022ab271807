import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../contracts/logger.ts'
import { createDetectorHost } from '../host/detector-host.ts'
import { jsonDecoder, sizeCheckSteps } from '../host/host-for-kill-test.ts'
import { detectorsForTests, presenceForTests } from '../host/stages-for-tests.ts'
import { openLmdbStateStore } from '../lmdb/state-store.ts'
import { createSealer } from '../seal.ts'
import { openKafkaLog } from './open-kafka-log.ts'
import { plaintext } from './open-test-log.ts'

/**
 * One machine's detectors in a process of its own, for `takeover.test.ts`: a member of the group until it is killed, or told on stdin
 * to leave; says on stdout which partitions it has and a dot for each finding.
 */
export const liveAsMember = async (of: {
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly directory: string
}): Promise<void> => {
  const clock = { now: (): number => Date.now() }
  const sealer = createSealer(Buffer.alloc(32, 7), 'state')
  const log = openKafkaLog({
    settings: plaintext(of.brokers),
    sealer: createSealer(Buffer.alloc(32, 1), 'log'),
    topicPrefix: of.prefix,
    lingerMsMax: 1,
    sessionMs: 3_000,
    rebalanceMs: 10_000,
  })
  const local = await openLmdbStateStore({ directory: join(of.directory, 'state'), sealer })
  const stateStore = log.openStateStore({ group: 'detect', sealer, local, nowMs: clock.now })
  const host = createDetectorHost({
    log,
    stateStore,
    decoder: jsonDecoder,
    detectors: detectorsForTests,
    derivations: [presenceForTests],
    group: 'detect',
    logger: silentLogger,
    clock,
    checkpointEveryMs: 50,
    touchedKeysMax: 50,
    batchRecordsMax: 40,
    sizeCheckSteps,
    onFinding: () => void writeSync(1, '.'),
  })
  host.failed.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(7)
  })
  await host.start()
  writeSync(1, 'started')
  await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()))
  await host.close()
  await stateStore.close()
  await log.close()
  process.exit(0)
}
