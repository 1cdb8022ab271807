import { existsSync } from 'node:fs'
import type { EventLog } from '../contracts/event-log.ts'
import { silentLogger } from '../contracts/logger.ts'
import type { Config } from './config.ts'
import { readKafkaLog } from './kafka-log-settings.ts'
import { deriveKey, loadMasterKey, type LogKeys, readLogKeys } from './master-key.ts'
import { openLog } from './roles/open-log.ts'

/** The keys of the log of these settings, the one that seals first: its own file's, or derived from the master key. */
export const logKeysOf = (config: Config): LogKeys => {
  if (config.log.keyFile !== undefined) return readLogKeys(config.log.keyFile)
  // A first start makes a master key where there is none; one made for a name that was mistyped would fit no log.
  if (config.keyFile === undefined && process.env['WARDWATCH_KEY'] === undefined && !existsSync(config.data))
    return { ok: false, problem: `${config.data} is not there, and with it no master key` }
  const master = loadMasterKey({ data: config.data, keyFile: config.keyFile, fromEnvironment: process.env['WARDWATCH_KEY'] })
  return master.ok ? { ok: true, keys: [deriveKey(master.key, 'log')] } : master
}

/** Opens the log of these settings for a command. Rejects when it can't be opened. */
export const openConfiguredLog = async (
  config: Config,
): Promise<{ readonly ok: true; readonly log: EventLog } | { readonly ok: false; readonly problem: string }> => {
  const read = logKeysOf(config)
  if (!read.ok) return read
  const kafka = readKafkaLog(config.log)
  if (!kafka.ok) return kafka
  const log = await openLog(
    { data: config.data, logKeys: read.keys.map((key) => key.toString('hex')), kafka: kafka.options, retention: null },
    silentLogger,
  )
  return { ok: true, log }
}
