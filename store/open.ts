import { z } from 'zod'
import type { Clock } from '../contracts/clock.ts'
import type { Logger } from '../contracts/logger.ts'
import type { StoreConnection } from './connection.ts'
import type { EngineRefusal } from './engine/open-engine.ts'
import { lackingMigrations, migrate, type MigrationOutcome, readMigrations } from './migrate.ts'
import type { LockTimes } from './migration-lock.ts'
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

export type StoreRefusal = 'engine-missing' | EngineRefusal | Extract<MigrationOutcome, { ok: false }>['reason'] | 'not-migrated'

export type StoreOpened =
  | { readonly ok: true; readonly store: Store }
  | { readonly ok: false; readonly reason: StoreRefusal; readonly detail: string }

export const databaseDefault = 'wardwatch'

export interface OpenOptions {
  readonly settings: StoreSettings
  readonly logger: Logger
  readonly clock: Clock
  readonly database?: string
  /** Names this node while it migrates; null where no other process reaches the store. */
  readonly holder: string | null
  /** Whether this node makes and changes tables; else it takes them as they are, and refuses a store that lacks some. */
  readonly migrates: boolean
  readonly lockTimes?: LockTimes
}

/** Readies a connection, embedded or to a server: database, migrations, retention. Leaves it open when it refuses. */
export const readyStore = async (
  connection: StoreConnection,
  { settings, logger, clock, database = databaseDefault, holder, migrates, lockTimes }: OpenOptions,
): Promise<{ readonly ok: true } | Extract<StoreOpened, { ok: false }>> => {
  if (migrates) await connection.landing.command({ query: connection.ddl(`CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic`) })
  await connection.use(database)
  const client = connection.landing
  const { ddl } = connection
  const outcome = migrates
    ? await migrate(readMigrations(), { client, ddl, clock, holder, ...(lockTimes === undefined ? {} : { lockTimes }) })
    : await lackingMigrations(client, readMigrations())
  if (!outcome.ok) return outcome
  const retained = migrates ? await applyRetention(client, settings.retention, ddl) : []
  logger.info({ migrations: outcome.applied, retention: retained }, 'store is open')
  return { ok: true }
}

/** The engine is half a gigabyte: loaded by who embeds it only, and images for a ClickHouse server leave it out. */
const loadEngine = async (): Promise<typeof import('./engine/open-engine.ts') | null> => {
  try {
    return await import('./engine/open-engine.ts')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
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
  const engine = await loadEngine()
  if (engine === null)
    return {
      ok: false,
      reason: 'engine-missing',
      detail: "npm's chdb is not part of this installation: name a ClickHouse server (store.kind)",
    }
  const opened = await engine.openEngine(options.directory, options.key, { memoryBytesMax: engineMemoryBytesMax, mergeThreads })
  if (!opened.ok) return opened
  const { connection } = opened
  const ready = await readyStore(connection, { ...options, holder: null, migrates: true })
  if (ready.ok) return { ok: true, store: { ...connection, database: databaseDefault } }
  await connection.close()
  return ready
}
