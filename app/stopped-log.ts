import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import { claimDirectory } from '../stream/directory-lock.ts'
import type { Config } from './config.ts'
import { deriveKey, loadMasterKey } from './master-key.ts'
import { openLog } from './roles/open-log.ts'

/** Runs `work` on the log of a platform that is not running, claimed for as long as that takes. */
export const withStoppedLog = async <T>(
  config: Config,
  work: (log: EventLog) => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }> => {
  const claim = await claimDirectory(config.data)
  if ('refused' in claim) return { ok: false, problem: claim.refused }
  try {
    const master = loadMasterKey({ data: config.data, keyFile: config.keyFile, fromEnvironment: process.env['WARDWATCH_KEY'] })
    if (!master.ok) return { ok: false, problem: master.problem }
    const log = await openLog({ data: config.data, logKey: deriveKey(master.key, 'log').toString('hex'), retention: null }, silentLogger)
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
