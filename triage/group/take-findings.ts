import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import { type EventLog, type LogBatch, type LogConsumer, LogUnavailable } from '../../contracts/event-log.ts'
import { type Finding, finding } from '../../contracts/finding.ts'
import type { Logger } from '../../contracts/logger.ts'
import type { Draft } from '../chain.ts'
import type { Ledger, Recording } from '../ledger.ts'
import { type Grouping, groupFinding } from './group-finding.ts'

/** Findings that are taken in one go: people's actions and questions wait for no more than these. */
const findingsPerTurn = 100

export interface TakeFindingsOptions extends Grouping {
  readonly log: EventLog
  readonly ledger: Ledger
  readonly clock: Clock
  readonly logger: Logger
  /** Records what time has done to the alert that a finding is about to reach. */
  readonly settleTime: (alert: string, nowMs: number) => void
}

export interface FindingTaker {
  readonly consumer: LogConsumer
  stats(): Readonly<Record<string, number>>
}

/** The figures of one who has taken nothing yet. */
export const noneTaken: Readonly<Record<string, number>> = { folded: 0, suppressed: 0, repeats: 0, unreadable: 0 }

/** Follows `findings.v1`: each finding becomes events of the chain, once. It goes on behind the last one that the chain holds. */
export const takeFindings = async (options: TakeFindingsOptions): Promise<FindingTaker> => {
  const { log, ledger, clock, logger, fold, settleTime } = options
  let folded = 0
  let suppressed = 0
  let repeats = 0
  let unreadable = 0

  const parse = (batch: LogBatch, { offset, value }: LogBatch['records'][number]): Finding | null => {
    let problem: string
    try {
      const parsed = finding.safeParse(JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')))
      if (parsed.success) return parsed.data
      problem = parsed.error.message
    } catch (error) {
      problem = (error as Error).message
    }
    unreadable++
    logger.error({ offset, partition: batch.partition, problem }, 'a record of findings.v1 is not a finding')
    return null
  }

  const take = (found: Finding, batch: LogBatch, offset: number): Recording | null => {
    const nowMs = clock.now()
    const current = fold.current(found.detector, found.device)
    if (current !== undefined) settleTime(current, nowMs)
    const drafts: readonly Draft[] | null = groupFinding(options, found, { topic: batch.topic, partition: batch.partition, offset }, nowMs)
    if (drafts === null) {
      repeats++
      return null
    }
    if (drafts[0]!.type === 'finding.suppressed') suppressed++
    else folded++
    return ledger.record(drafts)
  }

  const onBatch = async (batch: LogBatch): Promise<void> => {
    let last: Recording | null = null
    for (const [i, record] of batch.records.entries()) {
      if (i > 0 && i % findingsPerTurn === 0) {
        // A batch of the log may be large: what has been recorded is written before more is.
        await last?.durable
        await turn()
      }
      const found = parse(batch, record)
      if (found !== null) last = take(found, batch, record.offset) ?? last
    }
    await last?.durable
  }

  const consumer = await log.consume({
    topics: ['findings.v1'],
    group: 'triage',
    onAssigned: async (partitions) => partitions.map(({ partition }) => fold.resumeAt(partition) ?? 'earliest'),
    onBatch: async (batch) => {
      try {
        await onBatch(batch)
      } catch (error) {
        // While triage closes: what is not in the chain is read again at the next start.
        if (!(error instanceof LogUnavailable) || error.reason !== 'closed') throw error
      }
    },
  })
  return { consumer, stats: () => ({ folded, suppressed, repeats, unreadable }) }
}
