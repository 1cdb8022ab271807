import { randomBytes, X509Certificate } from 'node:crypto'
import { systemClock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { loadAuthority } from '../../registry/authority.ts'
import { createDirectory } from '../../registry/fold.ts'
import { followRegistry } from '../../registry/follow.ts'
import type { DeskStanding } from '../../dashboards/api/parts.ts'
import type { Store } from '../../store/open.ts'
import { createAnalyst } from '../../store/query/read-only-query.ts'
import type { Sink } from '../../store/sink.ts'
import { openTriage } from '../../triage/start-triage.ts'
import { watchChain } from '../../triage/verify/watch-chain.ts'
import { controlOperations } from '../control/operations.ts'
import { startControlServer } from '../control/server.ts'
import { controlSocketPath } from '../control/socket-path.ts'
import { openDeskAccounts } from '../desk/open-desk-accounts.ts'
import { startDesk } from '../desk/start-desk.ts'
import type { RunningRole } from './channel.ts'
import { startDeskParts } from './desk-parts.ts'
import { followMachines } from './follow-machines.ts'
import { followTopics, type TopicFollower } from './follow-topics.ts'
import { noLead } from './no-lead.ts'
import { openLeadership } from './open-leadership.ts'
import type { DeskRoleOptions } from './options.ts'

/** With Kafka away, a desk that could not stand for the lead is given so long to close. */
const closeMsMax = 3_000

/**
 * Folds findings into alerts, pages, serves the console and the API, answers the control socket. Of several desks on a log one leads; the
 * others fold what it writes, answer every question, and take over.
 */
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
  const leadership = openLeadership(log, name)
  let leads = false
  const triage = await openTriage({
    log: leadership.log,
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
    log: leadership.log,
    logger,
    desk: triage,
    directory,
    store,
    behindMs,
    options: options.paging,
    linkTo: (alert) => (deskUrl === null ? null : `${deskUrl}/alerts${alert === null ? '' : `/${encodeURIComponent(alert)}`}`),
    sure: () => leadership.sure(),
  })
  const accounts = await openDeskAccounts({ log: leadership.log, logger, settings: options.desk, leads: () => leads })
  let follower: TopicFollower | null = null
  const lead = async (): Promise<void> => {
    await Promise.all([follower?.reached(), registry.reached()])
    follower?.stop()
    leads = true
    await triage.lead()
    paged.paging.lead()
  }
  if (leadership.leads) await lead()
  else
    follower = await followTopics({
      log,
      folds: [triage.following, accounts.following, paged.paging.following],
      group: `desk-${name}-${randomBytes(6).toString('hex')}`,
      logger,
    })
  // Nothing is promised any more by one that another has taken the lead from.
  const standing: DeskStanding = { leads: () => leads && leadership.leads, leader: () => leadership.leader()?.url ?? null }
  const machines =
    options.machine === null
      ? null
      : followMachines({
          log,
          own: options.machine,
          group: `desk-machines-${name}-${randomBytes(6).toString('hex')}`,
          steadyNowMs: () => performance.now(),
          logger,
        })
  const desk = await startDesk({
    logger,
    desk: triage,
    accounts,
    directory,
    parts: paged,
    standing,
    machines,
    site: options.site,
    settings: options.desk,
  })
  deskUrl = desk.url
  const control = await startControlServer(
    controlSocketPath(options.log.data),
    controlOperations({
      log: leadership.log,
      analyst: createAnalyst(store),
      sink,
      triage,
      desk,
      standing,
      directory,
      authority,
      clock: systemClock,
      mqttPort: options.mqttPort,
    }),
    logger,
  )
  let chain: ReturnType<typeof watchChain> | null = null
  const close = async (): Promise<void> => {
    await desk.close()
    await control.close()
    await chain?.close()
    await machines?.close()
    // Beside the rest: while ClickHouse says nothing the next desk is chosen all the same.
    const historyClosed = paged.history.close()
    await paged.paging.close()
    await triage.close()
    await Promise.all([registry.close(), follower?.close()])
    // Last: until then it may append what it ends with, and the next one is chosen once this one has let go.
    await leadership.close()
    await historyClosed
  }
  try {
    await leadership.campaign({ url: desk.url, authority: new X509Certificate(options.caPem).fingerprint256, onElected: lead })
  } catch (error) {
    // No port, no control socket and no member of a group is left behind; why it does not lead is the news, not how it closed, nor how long that takes.
    const closed = close().catch((closing: unknown) => logger.warn({ err: closing }, 'a desk that may not lead could not close everything'))
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeMsMax).unref())])
    throw noLead(error)
  }
  const watched = (chain = watchChain({ log, clock: systemClock, logger }))
  return {
    info: { deskPort: desk.port, deskUrl: desk.url },
    log,
    stats() {
      const led = leadership.stats()
      const { severities, pastDue } = triage.counts(null, systemClock.now())
      return {
        triage: { ...triage.stats(), openBySeverity: severities, pastDue },
        chain: watched.stats(),
        desk: desk.stats(),
        paging: paged.paging.stats(),
        devices: directory.size,
        ...(machines === null ? {} : { machines: machines.stats() }),
        log: leadership.log.stats(),
        // Once the folds are its own: not yet while it takes over.
        leadership: { ...led, leads: standing.leads() ? led['leads'] : 0 },
      }
    },
    failed: Promise.all([registry.failed, triage.failed, paged.failed, leadership.failed, follower?.failed]).then(() => {}),
    onRoles: desk.onRoles,
    close,
  }
}
