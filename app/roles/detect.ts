import { join } from 'node:path'
import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { loadDetectors } from '../../detectors/registry.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createDetectorHost } from '../../stream/host/detector-host.ts'
import { openLmdbStateStore } from '../../stream/lmdb/state-store.ts'
import { createSealer } from '../../stream/seal.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { openLog } from './open-log.ts'
import type { DetectOptions } from './options.ts'

/** The detect role: reads the observations, runs the detectors, writes the findings. */
const start = async (options: DetectOptions, logger: Logger): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const stateStore = await openLmdbStateStore({
    directory: join(options.log.data, 'state'),
    sealer: createSealer(Buffer.from(options.stateKey, 'hex'), 'state'),
  })
  const { detectors, derivations } = await loadDetectors()
  const host = createDetectorHost({
    log,
    stateStore,
    decoder: createEnvelopeDecoder(),
    detectors,
    derivations,
    parameters: options.parameters,
    group: 'detect',
    logger,
    clock: systemClock,
  })
  await host.start()
  return {
    info: { detectors: detectors.length },
    stats() {
      const { observations, findings, faults, deadLetters, lag, watermarkMs, ...rest } = host.stats()
      return {
        ...rest,
        observationsByKind: observations,
        findingsByDetector: findings,
        faultsByDetector: faults,
        deadLettersByReason: deadLetters,
        lagByPartition: lag,
        watermarkMsByPartition: watermarkMs,
      }
    },
    failed: host.failed,
    async close() {
      await host.close()
      await stateStore.close()
      await log.close()
    },
  }
}

serveRole(start)
