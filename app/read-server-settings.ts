import { readFileSync } from 'node:fs'
import type { ServerSettings } from '../store/server/settings.ts'
import type { Config } from './config.ts'
import { readPasswordFile } from './secret-file.ts'

/** The server's settings with what stands in files; a sentence when one can't be read. */
export const readServerSettings = (store: Config['store']): ServerSettings | string => {
  try {
    return {
      url: store.url!,
      user: store.user,
      password: store.passwordFile === undefined ? '' : readPasswordFile('passwordFile', store.passwordFile),
      caPem: store.caFile === undefined ? null : readFileSync(store.caFile, 'utf8'),
      database: store.database,
      compression: store.compression,
      connectionsMax: store.connectionsMax,
      timeoutMs: store.timeoutSeconds * 1_000,
      cluster: store.cluster ?? null,
      replicated: store.replicated,
    }
  } catch (error) {
    return `store: ${error instanceof Error ? error.message : String(error)}`
  }
}
