import { systemClock } from '../../contracts/clock.ts'
import type { Logger } from '../../contracts/logger.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { createRedeliveryFilter } from '../../ingest/redelivery.ts'
import { loadAuthority } from '../../registry/authority.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry } from '../../registry/follow.ts'
import { createAnalyst } from '../../store/query/read-only-query.ts'
import { sinkSettings } from '../../store/landing/settings.ts'
import { createSink } from '../../store/sink.ts'
import { startTriage } from '../../triage/start-triage.ts'
import { startDesk } from '../desk/start-desk.ts'
import { controlOperations } from '../control/operations.ts'
import { startControlServer } from '../control/server.ts'
import { controlSocketPath } from '../control/socket-path.ts'
import { type RunningRole, serveRole } from './channel.ts'
import { startDeskParts } from './desk-parts.ts'
import { openLog } from './open-log.ts'
import { openRoleStore } from './open-role-store.ts'
import type { HubOptions } from './options.ts'

/** The sink and the desk in one process, which holds the ClickHouse engine or asks a server: lands everything, folds findings into alerts, answers the control socket. */
const start = async (options: HubOptions, logger: Logger): Promise<RunningRole> => {
  const { data } = options.log
  const log = await openLog(options.log, logger)
  const { store, storeReady, settleMs } = await openRoleStore({ data, store: options.store, retention: options.retention }, logger)
  const directory = createDirectory()
  const registry = await followRegistry({ log, directory, group: 'registry-hub', logger })
  await registry.caughtUp
  const authority = await loadAuthority({ privateKeyPem: options.authorityKeyPem, certificatePem: options.caPem }, systemClock)
  const triage = await startTriage({
    log,
    clock: systemClock,
    logger,
    clocks: options.desk.clocks,
    describe(device) {
      const record = directory.device(device)
      return record === undefined ? null : { ward: record.ward, model: record.model }
    },
  })
  const sink = createSink({
    log,
    store,
    storeReady,
    decoder: createEnvelopeDecoder(),
    redelivery: createRedeliveryFilter(),
    clock: systemClock,
    logger,
    settings: sinkSettings.parse({ settleMs }),
  })
  // A server may be away for hours: alerts, people and pages do not wait for it.
  const landing = sink.start()
  landing.catch(() => {})
  if (options.store.kind === 'embedded') await landing
  // Where the console is stands fast once it listens: a port of 0 is chosen then. Until then nothing can be linked to.
  let deskUrl: string | null = null
  const parts = await startDeskParts({
    log,
    logger,
    desk: triage,
    directory,
    store,
    behindMs: sink.behindMs,
    linkTo: (alert) => (deskUrl === null ? null : `${deskUrl}/alerts/${encodeURIComponent(alert)}`),
  })
  const desk = await startDesk({ log, logger, desk: triage, directory, parts, site: options.site, settings: options.desk })
  deskUrl = desk.url
  const control = await startControlServer(
    controlSocketPath(data),
    controlOperations({
      log,
      analyst: createAnalyst(store),
      sink,
      triage,
      desk,
      directory,
      authority,
      clock: systemClock,
      mqttPort: options.mqttPort,
    }),
    logger,
  )
  return {
    info: { deskPort: desk.port, deskUrl: desk.url },
    stats: () => ({
      ...sink.stats(),
      triage: triage.stats(),
      desk: desk.stats(),
      paging: parts.paging.stats(),
      devices: directory.size,
    }),
    failed: Promise.all([registry.failed, triage.failed, landing.then(() => sink.failed), parts.failed]).then(() => {}),
    onRoles: desk.onRoles,
    async close() {
      await desk.close()
      await control.close()
      await parts.close()
      await sink.close()
      await triage.close()
      await registry.close()
      await store.close()
      await log.close()
    },
  }
}

serveRole(start)
