import type { EventLog } from '../contracts/event-log.ts'
import { claimDirectory } from '../stream/directory-lock.ts'
import type { Config } from './config.ts'
import { openConfiguredLog } from './open-configured-log.ts'

/** Runs `work` on the log of a platform that is not running, claimed for as long as that takes. */
export const withStoppedLog = async <T>(
  config: Config,
  work: (log: EventLog) => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }> => {
  const claim = await claimDirectory(config.data)
  if ('refused' in claim) return { ok: false, problem: claim.refused }
  try {
    const opened = await openConfiguredLog(config)
    if (!opened.ok) return opened
    const { log } = opened
    try {
      return { ok: true, value: await work(log) }
    } finally {
      await log.close()
    }
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) }
  } finally {
    claim.release()
  }
}
