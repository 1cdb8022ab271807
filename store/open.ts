import { z } from 'zod'
import type { Clock } from '../contracts/clock.ts'
import type { Logger } from '../contracts/logger.ts'
import type { StoreConnection } from './connection.ts'
import { type EngineRefusal, openEngine } from './engine/open-engine.ts'
import { migrate, type MigrationOutcome, readMigrations } from './migrate.ts'
import { applyRetention, retentionSettings } from './retention.ts'

export const storeSettings = z.object({
  /** All that the embedded engine may hold in memory, bytes. */
  engineMemoryBytesMax: z.int().min(200_000_000).default(1_500_000_000),
  mergeThreads: z.int().min(1).max(16).default(1),
  retention: retentionSettings.default(retentionSettings.parse({})),
})
export type StoreSettings = z.infer<typeof storeSettings>

/** The ClickHouse tables, migrated and ready. The sink lands into it, `desk/` and `query/read-only-query.ts` ask it. */
export interface Store extends StoreConnection {
  readonly database: string
}

export type StoreOpened =
  | { readonly ok: true; readonly store: Store }
  | { readonly ok: false; readonly reason: EngineRefusal | Extract<MigrationOutcome, { ok: false }>['reason']; readonly detail: string }

const database = 'wardwatch'

/** Readies a connection, embedded or to a server: database, migrations, retention. */
export const openStoreOn = async (
  connection: StoreConnection,
  { settings, logger, clock }: { readonly settings: StoreSettings; readonly logger: Logger; readonly clock: Clock },
): Promise<StoreOpened> => {
  await connection.landing.command({ query: `CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic` })
  await connection.use(database)
  const outcome = await migrate(connection.landing, readMigrations(), clock)
  if (!outcome.ok) {
    await connection.close()
    return outcome
  }
  const retained = await applyRetention(connection.landing, settings.retention)
  logger.info({ migrations: outcome.applied, retention: retained }, 'store is open')
  return { ok: true, store: { ...connection, database } }
}

/**
 * Opens the embedded store in a directory of its own. `key`: 32 bytes, tables are encrypted with AES-256-CTR; null, they are not (an existing store
 * stays what it was made as). Refusals are values; nothing is changed by one.
 */
export const openStore = async (options: {
  readonly directory: string
  readonly key: Buffer | null
  readonly settings: StoreSettings
  readonly logger: Logger
  readonly clock: Clock
}): Promise<StoreOpened> => {
  const { engineMemoryBytesMax, mergeThreads } = options.settings
  const opened = await openEngine(options.directory, options.key, { memoryBytesMax: engineMemoryBytesMax, mergeThreads })
  return opened.ok ? await openStoreOn(opened.connection, options) : opened
}
