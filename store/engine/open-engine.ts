import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createClient, type ClickHouseClient } from '@clickhouse/client'
import chdb, { drainPending, Session } from 'chdb'
import { createChdbConnection } from 'chdb/connection'
import { type ArrowRegistry, insertArrow } from './arrow-insert.ts'
import { engineConfigXml, type EngineLimits } from './engine-config.ts'
import { checkKey, type KeyRefusal } from './key-check.ts'
import { leaveOwnership, livingOwner, takeOwnership } from './owner.ts'
import type { StoreConnection } from '../connection.ts'
import { analystSettings } from '../query/limits.ts'

export type EngineRefusal = KeyRefusal | 'in-use' | 'engine-failed'

export type EngineOpened =
  | { readonly ok: true; readonly connection: StoreConnection }
  | { readonly ok: false; readonly reason: EngineRefusal; readonly detail: string }

/** Nothing that the engine computes may spill to its unencrypted scratch directory: too large a query fails instead. */
const noSpill = [
  'max_bytes_before_external_group_by',
  'max_bytes_ratio_before_external_group_by',
  'max_bytes_before_external_sort',
  'max_bytes_ratio_before_external_sort',
].map((name) => `--${name}=0`)

/** One thread reads, one writes; partitions are days, and a batch may bring as many as its clocks claim. */
const landing = [
  '--max_threads=1',
  '--max_insert_threads=1',
  '--input_format_parallel_parsing=0',
  '--max_partitions_per_insert_block=0',
  '--max_insert_block_size=1048576',
  // An insert in this process tells how it ended: nothing has to be remembered for a repeat.
  '--insert_deduplicate=0',
]

const refusals: Record<KeyRefusal, string> = {
  'wrong-key': 'the store was made with another key; nothing was touched',
  'key-missing': 'the store is encrypted and no key was given',
  'not-encrypted': 'the store was made without encryption; it cannot be opened with a key',
}

/**
 * Opens the ClickHouse engine of npm's chdb in this process. Every connection below shares that one engine and its tables.
 *
 * The key goes to the engine as an override of its configuration (`connectionArgs`), handed over in memory: it stands in no file,
 * in no process's arguments and in no environment. (chdb also offers `from_env`, but Bun's `process.env` does not reach the engine's
 * `getenv`, and an environment is inherited by children.) `system.server_settings` does not show it.
 *
 * One engine a process: a second directory in the same process is 'engine-failed'.
 */
export const openEngine = async (directoryGiven: string, key: Buffer | null, limits: EngineLimits): Promise<EngineOpened> => {
  if (key !== null && key.length !== 32) throw new RangeError(`the store's key has 32 bytes, this one ${key.length}`)
  const directory = resolve(directoryGiven)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const refusal = checkKey(directory, key)
  if (refusal !== null) return { ok: false, reason: refusal, detail: refusals[refusal] }
  const owner = livingOwner(directory)
  if (owner !== null) return { ok: false, reason: 'in-use', detail: `process ${owner} has the store ${directory} open` }

  // A connection that was closed while a query ran on it is still being released.
  await drainPending()
  const config = join(directory, 'engine.xml')
  writeFileSync(config, engineConfigXml(directory, key !== null, limits), { mode: 0o600 })
  const path = join(directory, 'engine')
  const keyArgument = key === null ? [] : [`--storage_configuration.disks.sealed.key_hex=${key.toString('hex')}`]
  let session: Session
  try {
    session = new Session(path, { connectionArgs: [`--config-file=${config}`, ...keyArgument, ...landing, ...noSpill] })
  } catch (error) {
    const detail = `the ClickHouse engine did not open ${directory}: ${error instanceof Error ? error.message : String(error)}`
    return { ok: false, reason: livingOwner(directory) === null ? 'engine-failed' : 'in-use', detail }
  }
  takeOwnership(directory)

  const client = (): ClickHouseClient =>
    createClient({ connection: createChdbConnection({ path }) } as unknown as Parameters<typeof createClient>[0])
  // Landing and asking have connections of their own: a connection runs one statement at a time.
  const landingClient = client()
  const queryClient = client()
  for (const argument of [...landing, ...noSpill]) {
    const setting = argument.slice(2).replace('=', ' = ')
    await landingClient.command({ query: `SET ${setting}` })
    if (noSpill.includes(argument)) await queryClient.command({ query: `SET ${setting}` })
  }
  const registry = chdb as unknown as ArrowRegistry
  let inUse: string | null = null

  return {
    ok: true,
    connection: {
      landing: landingClient,
      query: queryClient,
      insertColumns: (insert) => insertArrow(registry, session, insert),
      async insertRows({ table, rows }) {
        await landingClient.insert({ table, values: rows, format: 'JSONEachRow' })
      },
      // An insert ends with its process.
      settled: () => Promise.resolve(),
      beginBy: () => null,
      ddl: (statement) => statement,
      openAnalyst: (limits) => {
        const analyst = new Session(path, { connectionArgs: [...analystSettings(limits).map(([k, v]) => `--${k}=${v}`), ...noSpill] })
        let ready: Promise<unknown> | null = null
        const inDatabase = (): Promise<unknown> =>
          (ready ??= inUse === null ? Promise.resolve() : analyst.queryAsync(`USE ${inUse}`, { format: 'TabSeparated' }))
        return {
          async text(sql, parameters, format) {
            await inDatabase()
            return (await analyst.queryBindAsync(sql, parameters, { format })).text()
          },
          async *stream(sql, format) {
            await inDatabase()
            for await (const chunk of analyst.queryStream(sql, { format })) yield { bytes: chunk.raw(), rows: chunk.numRows }
          },
          abandon: () => {},
          close: () => {
            analyst.close()
          },
        }
      },
      async use(database) {
        for (const c of [landingClient, queryClient]) await c.command({ query: `USE ${database}` })
        await session.queryAsync(`USE ${database}`)
        inUse = database
      },
      unansweredMs: () => 0,
      leaveWithin: () => {},
      async close() {
        await landingClient.close()
        await queryClient.close()
        session.close()
        await drainPending()
        leaveOwnership(directory)
      },
    },
  }
}
