import { readFileSync } from 'node:fs'
import type { ServerSettings } from '../store/server/settings.ts'
import type { Config } from './config.ts'

/** The server's settings with what stands in files; a sentence when one can't be read. */
export const readServerSettings = (store: Config['store']): ServerSettings | string => {
  const read = (setting: 'passwordFile' | 'caFile'): string | null => {
    const file = store[setting]
    return file === undefined ? null : readFileSync(file, 'utf8')
  }
  try {
    return {
      url: store.url!,
      user: store.user,
      password: read('passwordFile')?.replace(/\r?\n$/, '') ?? '',
      caPem: read('caFile'),
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
