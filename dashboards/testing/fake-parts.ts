import type { Clock } from '../../contracts/clock.ts'
import { type Logger, silentLogger } from '../../contracts/logger.ts'
import { createDirectory, type Directory } from '../../registry/fold.ts'
import { type Accounts, openAccounts } from '../accounts/open-accounts.ts'
import type { AccountTimes } from '../accounts/limits.ts'
import { type ApiParts, soleDesk } from '../api/parts.ts'
import { createFakeDesk, type FakeDesk } from './fake-desk.ts'
import { createFakeHistory, type FakeHistory } from './fake-history.ts'
import { createFakePaging } from './fake-paging.ts'
import { createMemoryTopicLog, type MemoryTopicLog } from './memory-topic-log.ts'
import { sampleDevices } from './sample-fleet.ts'
import { samplePipeline } from './sample-pipeline.ts'

export interface FakeParts extends ApiParts {
  readonly desk: FakeDesk
  readonly history: FakeHistory
  readonly directory: Directory
  readonly accounts: Accounts
  readonly log: MemoryTopicLog
}

/** Everything that the API stands on, in memory. */
export const createFakeParts = async (options: {
  readonly clock: Clock
  readonly consoleDirectory: string
  readonly devices?: number
  readonly logger?: Logger
  readonly times?: AccountTimes
  readonly log?: MemoryTopicLog
}): Promise<FakeParts> => {
  const { clock, consoleDirectory, devices = 120, logger = silentLogger, log = createMemoryTopicLog() } = options
  const desk = createFakeDesk(clock)
  const directory = createDirectory()
  for (const record of sampleDevices(devices, clock.now())) {
    directory.apply({ type: 'enrolled', at: record.enrolledAt, record })
    if (record.status === 'revoked') directory.apply({ type: 'revoked', at: record.revokedAt!, device: record.device, reason: 'sold' })
  }
  let ids = 0
  return {
    log,
    desk,
    history: createFakeHistory(clock, () => desk.eventsSince(Math.max(0, desk.sequence - 10_000)) ?? []),
    paging: createFakePaging(),
    directory,
    accounts: await openAccounts({ log, clock, logger, ...(options.times === undefined ? {} : { times: options.times }) }),
    standing: soleDesk,
    pipeline: () => samplePipeline(clock.now()),
    runbook: (detector) => `# ${detector}\n\nWhat it means, and what to do.\n`,
    clock,
    logger,
    newId: () => `r${(++ids).toString(36)}`,
    site: 'hospital',
    consoleDirectory,
    names: ['desk.hospital.example'],
    publicOrigins: [],
    tls: null,
  }
}
