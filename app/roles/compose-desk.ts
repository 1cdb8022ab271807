import { randomBytes } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { loadAuthority } from '../../registry/authority.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry } from '../../registry/follow.ts'
import type { Store } from '../../store/open.ts'
import { createAnalyst } from '../../store/query/read-only-query.ts'
import type { Sink } from '../../store/sink.ts'
import { startTriage } from '../../triage/start-triage.ts'
import { watchChain } from '../../triage/verify/watch-chain.ts'
import { controlOperations } from '../control/operations.ts'
import { startControlServer } from '../control/server.ts'
import { controlSocketPath } from '../control/socket-path.ts'
import { startDesk } from '../desk/start-desk.ts'
import type { RunningRole } from './channel.ts'
import { startDeskParts } from './desk-parts.ts'
import type { DeskRoleOptions } from './options.ts'

/** Folds findings into alerts, pages, serves the console and the API, answers the control socket. */
export const startDeskRole = async (parts: {
  readonly log: EventLog
  readonly store: Store
  readonly logger: Logger
  /** The role's own name: its consumer groups are called by it. */
  readonly name: string
  readonly options: DeskRoleOptions
  /** How far ClickHouse is behind the log, ms; null when it is not. */
  readonly behindMs: () => number | null
  /** What lands the log; null when that is another process. */
  readonly sink: Pick<Sink, 'stats'> | null
}): Promise<RunningRole> => {
  const { log, store, logger, name, options, behindMs, sink } = parts
  const directory = createDirectory()
  // Everyone reads all of it: a run of its own waits for no member that was killed to be forgotten.
  const registry = await followRegistry({ log, directory, group: `registry-${name}-${randomBytes(6).toString('hex')}`, logger })
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
  // Where the console is stands fast once it listens: a port of 0 is chosen then. Until then nothing can be linked to.
  let deskUrl: string | null = null
  const paged = await startDeskParts({
    log,
    logger,
    desk: triage,
    directory,
    store,
    behindMs,
    options: options.paging,
    linkTo: (alert) => (deskUrl === null ? null : `${deskUrl}/alerts${alert === null ? '' : `/${encodeURIComponent(alert)}`}`),
  })
  const desk = await startDesk({ log, logger, desk: triage, directory, parts: paged, site: options.site, settings: options.desk })
  deskUrl = desk.url
  const control = await startControlServer(
    controlSocketPath(options.log.data),
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
  const chain = watchChain({ log, clock: systemClock, logger })
  return {
    info: { deskPort: desk.port, deskUrl: desk.url },
    stats() {
      const { severities, pastDue } = triage.counts(null, systemClock.now())
      return {
        triage: { ...triage.stats(), openBySeverity: severities, pastDue },
        chain: chain.stats(),
        desk: desk.stats(),
        paging: paged.paging.stats(),
        devices: directory.size,
        log: log.stats(),
      }
    },
    failed: Promise.all([registry.failed, triage.failed, paged.failed]).then(() => {}),
    onRoles: desk.onRoles,
    async close() {
      await desk.close()
      await control.close()
      await chain.close()
      await paged.close()
      await triage.close()
      await registry.close()
    },
  }
}
