import type { Clock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Logger } from '../../contracts/logger.ts'
import { type ChainReport, verifyChain } from './verify-chain.ts'

export interface ChainWatch {
  stats(): { readonly broken: 0 | 1; readonly checkedAtMs: number; readonly events: number }
  close(): Promise<void>
}

const hourMs = 3_600_000

/** Checks the chain of case events from its beginning, at the start and then every few hours: nobody would ask before they need it. */
export const watchChain = (parts: {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly everyMs?: number
  /** After a check that failed: the log may only have been away. */
  readonly againMs?: number
  readonly verify?: (log: EventLog) => Promise<ChainReport>
}): ChainWatch => {
  const { log, clock, logger, everyMs = 6 * hourMs, againMs = 60_000, verify = verifyChain } = parts
  let stats: ReturnType<ChainWatch['stats']> = { broken: 0, checkedAtMs: 0, events: 0 }
  let timer: NodeJS.Timeout | undefined
  let closed = false
  // A long chain is not read to its end by one that closes.
  const untilClosed: EventLog = {
    ...log,
    async *read(...range) {
      for await (const batch of log.read(...range)) {
        if (closed) throw new Error('it is not needed any more')
        yield batch
      }
    },
  }
  const check = async (): Promise<void> => {
    const report = await verify(untilClosed).catch((error: unknown): ChainReport => ({
      ok: false, sequence: 1, offset: null, problem: `it can't be read: ${error instanceof Error ? error.message : String(error)}`,
    })) // prettier-ignore
    if (closed) return
    if (!report.ok)
      logger.error({ sequence: report.sequence, problem: report.problem }, 'the chain of case events is broken, or could not be read')
    else if (stats.broken === 1) logger.info({ events: report.events }, 'the chain of case events is whole')
    stats = { broken: report.ok ? 0 : 1, checkedAtMs: clock.now(), events: report.ok ? report.events : report.sequence - 1 }
    timer = setTimeout(begin, report.ok ? everyMs : againMs)
  }
  let running: Promise<void>
  const begin = (): void => {
    running = check()
  }
  begin()
  return {
    stats: () => stats,
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}
