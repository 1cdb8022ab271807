import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { loadDetectors } from '../../detectors/registry.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createDetectorHost } from '../../stream/host/detector-host.ts'
import { detectGroup } from '../../stream/kafka/topic-plan.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { openDetectorState } from './open-detector-state.ts'
import { openLog } from './open-log.ts'
import type { DetectOptions } from './options.ts'

/** The detect role: reads the observations, runs the detectors, writes the findings. */
const start = async (options: DetectOptions, logger: Logger): Promise<RunningRole> => {
  const log = await openLog(options.log, logger)
  const state = await openDetectorState(options, log, logger)
  const { detectors, derivations } = await loadDetectors()
  const host = createDetectorHost({
    log,
    stateStore: state.store,
    decoder: createEnvelopeDecoder(),
    detectors,
    derivations,
    parameters: options.parameters,
    group: detectGroup,
    logger,
    clock: systemClock,
  })
  await host.start()
  return {
    info: { detectors: detectors.length },
    log,
    stats() {
      const { observations, findings, faults, deadLetters, lag, watermarkMs, ...rest } = host.stats()
      return {
        ...rest,
        ...(state.figures() === null ? {} : { changelog: state.figures() }),
        observationsByKind: observations,
        findingsByDetector: findings,
        faultsByDetector: faults,
        deadLettersByReason: deadLetters,
        lagByPartition: lag,
        watermarkMsByPartition: watermarkMs,
        log: log.stats(),
      }
    },
    failed: host.failed,
    async close() {
      await host.close()
      await state.close()
      await log.close()
    },
  }
}

serveRole(start)
