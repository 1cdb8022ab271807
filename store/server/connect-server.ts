import { Readable } from 'node:stream'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type AnalystConnection, StoreAway, type StoreConnection } from '../connection.ts'
import { type AnalystLimits, analystSettings } from '../query/limits.ts'
import { readRows } from '../read-rows.ts'
import { type AttendedClient, attended } from './attended-client.ts'
import { clusterDdl } from './cluster-ddl.ts'
import { createServerClock } from './server-clock.ts'
import type { ServerSettings } from './settings.ts'

/** Marks the landing's inserts among the server's queries, so that another process can wait for them. */
const landingMark = 'wardwatch landing'
/** An insert that has not begun in this time never does. `SinkSettings.quietMs` is longer. */
const beginMsMax = 3_000

/** An insert is one block and one part: all of it or nothing. */
const insertSettings = {
  async_insert: 0,
  max_insert_block_size: '1048576',
  min_insert_block_size_rows: '1048576',
  min_insert_block_size_bytes: '0',
  max_partitions_per_insert_block: '0',
  max_insert_threads: '1',
  input_format_parallel_parsing: 0,
  insert_deduplicate: 1,
} as const
/** Migration 0031 reads the time in it. */
const landingComment = (beginBy: number | null): string => (beginBy === null ? landingMark : `${landingMark} until ${Math.floor(beginBy)}`)

const settlePollMs = 100
/** A question's own time limit is the server's to tell; this much later it is given up here, ms. */
const answerGraceMs = 2_000

/** The clients of one node. Nothing is asked before it is used: a server that is away is no refusal. */
export const connectServer = (settings: ServerSettings): StoreConnection => {
  const { compression, cluster, replicated } = settings
  const ending = new AbortController()
  let leaveTimer: ReturnType<typeof setTimeout> | undefined
  const client = (database: string, connectionsMax: number): AttendedClient => {
    const made = createClient({
      url: settings.url,
      username: settings.user,
      password: settings.password,
      database,
      application: 'wardwatch',
      max_open_connections: connectionsMax,
      request_timeout: settings.timeoutMs,
      // Shorter than a server's own (10 s; 3 s before 23.11), so that no request meets a closing connection.
      keep_alive: { enabled: true, idle_socket_ttl: 2_500, eagerly_destroy_stale_sockets: true },
      compression:
        compression === 'none'
          ? { request: false, response: false }
          : { request: { codec: compression }, response: { codec: compression } },
      // What fails is told by whoever asked; the client's own log would hold SQL.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: {
        // As the embedded engine answers; servers before 25.8 quote them.
        output_format_json_quote_64bit_integers: 0,
        ...(cluster === null
          ? {}
          : { distributed_ddl_task_timeout: String(Math.ceil(settings.timeoutMs / 1_000)), distributed_ddl_output_mode: 'throw' as const }),
        ...(replicated ? { insert_quorum: 'auto' } : {}),
      },
      ...(settings.caPem === null ? {} : { tls: { ca_cert: Buffer.from(settings.caPem) } }),
    })
    return attended(made, ending.signal)
  }
  // Until `use`: the database may have to be made first.
  let inUse = 'default'
  const clients = {
    landing: client('default', settings.connectionsMax),
    query: client('default', settings.connectionsMax),
    analyst: client('default', settings.connectionsMax),
  }

  const end = async (why: string): Promise<void> => {
    ending.abort(new Error(why))
    // An answer that has begun hears no signal: its socket ends with the client.
    for (const one of Object.values(clients)) await one.client.close()
  }

  const openAnalyst = (limits: AnalystLimits): AnalystConnection => {
    const own = Object.fromEntries(analystSettings(limits).map(([name, value]) => [name, String(value)]))
    const abandoned = new AbortController()
    const answerMsMax = limits.timeoutMs + answerGraceMs
    const ask = (late: AbortSignal, format: string, sql: string, parameters: Readonly<Record<string, unknown>>, whole: boolean) =>
      clients.analyst.client.query({
        query: sql,
        format: format as 'JSONEachRow',
        query_params: { ...parameters },
        abort_signal: AbortSignal.any([abandoned.signal, late]),
        // With `wait_end_of_query` an error is an answer, never the end of half an answer.
        clickhouse_settings: { ...own, cancel_http_readonly_queries_on_client_close: 1, ...(whole ? { wait_end_of_query: 1 } : {}) },
      })
    /** An error of ClickHouse is about the question; any other says that no answer came. */
    const away = (error: unknown, late: AbortSignal): Error => {
      if (error instanceof ClickHouseError) return error
      const told = error instanceof Error ? error.message : String(error)
      const why = late.aborted ? `no answer within ${answerMsMax} ms` : abandoned.signal.aborted ? 'nobody waits for the answer' : told
      return new StoreAway(`history is away: ${why}`, { cause: error })
    }
    return {
      async text(sql, parameters, format) {
        const late = AbortSignal.timeout(answerMsMax)
        try {
          const result = await ask(late, format, sql, parameters, true)
          return await result.text()
        } catch (error) {
          throw away(error, late)
        }
      },
      async *stream(sql, format) {
        const late = AbortSignal.timeout(answerMsMax)
        const result = await ask(late, format, sql, {}, false).catch((error: unknown) => {
          throw away(error, late)
        })
        try {
          for await (const rows of result.stream())
            yield { bytes: Buffer.from(rows.map(({ text }) => `${text}\n`).join('')), rows: rows.length }
        } finally {
          result.close()
        }
      },
      abandon: () => abandoned.abort(),
      close: () => abandoned.abort(),
    }
  }

  /** The landing's inserts that the server still runs, whoever sent them. */
  const runningInserts = async (): Promise<readonly string[]> => {
    const rows = await readRows<[string]>(
      clients.landing.client,
      `SELECT query_id FROM system.processes WHERE user = currentUser() AND query_kind = 'Insert' AND startsWith(Settings['log_comment'], {mark:String})`,
      { mark: landingMark },
    )
    return rows.map(([id]) => id)
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  /** Those that run now: other sinks go on with theirs. */
  const untilRunningInsertsEnd = async (): Promise<void> => {
    const before = new Set(await runningInserts())
    const until = Date.now() + settings.timeoutMs
    while (before.size > 0) {
      if (Date.now() > until) throw new Error(`${before.size} inserts of an earlier try still run at the server`)
      await pause(settlePollMs)
      const still = new Set(await runningInserts())
      for (const id of before) if (!still.has(id)) before.delete(id)
    }
  }

  const serverClock = createServerClock(
    async () => {
      const [row] = await readRows<[number]>(
        clients.landing.client,
        'SELECT toUnixTimestamp64Milli(now64(3)) SETTINGS output_format_json_quote_64bit_integers = 0',
      )
      return row![0]
    },
    () => performance.now(),
  )

  return {
    get landing() {
      return clients.landing.client
    },
    get query() {
      return clients.query.client
    },
    async insertColumns({ table, batch, token, beginBy = null }) {
      const { into, rows, block } = batch.toNative()
      if (rows === 0) return
      const { stream } = await clients.landing.client.exec({
        query: `INSERT INTO ${table} (${into.join(', ')}) FORMAT Native`,
        values: Readable.from([block], { objectMode: false }),
        clickhouse_settings: {
          ...insertSettings,
          insert_deduplication_token: token,
          log_comment: landingComment(beginBy),
          wait_end_of_query: 1,
        },
      })
      // The answer's end is the insert's.
      for await (const _ of stream) continue
    },
    async insertRows({ table, rows, token, beginBy = null }) {
      await clients.landing.client.insert({
        table,
        values: rows,
        format: 'JSONEachRow',
        clickhouse_settings: {
          ...insertSettings,
          insert_deduplication_token: token,
          log_comment: landingComment(beginBy),
          wait_end_of_query: 1,
        },
      })
    },
    async settled(tables, quietMs) {
      await untilRunningInsertsEnd()
      if (quietMs > 0) {
        await pause(quietMs)
        await untilRunningInsertsEnd()
      }
      await serverClock.look()
      // Another replica may have taken them: what it has must be here before it is asked for.
      if (replicated)
        for (const table of tables) await clients.landing.client.command({ query: `SYSTEM SYNC REPLICA ${table} LIGHTWEIGHT` })
    },
    beginBy() {
      const nowMs = serverClock.nowMs()
      return nowMs === null ? null : nowMs + beginMsMax
    },
    ddl: (statement) => clusterDdl(statement, settings),
    openAnalyst,
    async use(database) {
      if (database === inUse) return
      inUse = database
      const before = { ...clients }
      for (const name of ['landing', 'query', 'analyst'] as const) clients[name] = client(database, settings.connectionsMax)
      for (const one of Object.values(before)) await one.client.close()
    },
    unansweredMs: () => clients.landing.unansweredMs(),
    leaveWithin(ms) {
      leaveTimer ??= setTimeout(() => void end(`ClickHouse did not answer within ${ms} ms of the end`), ms)
    },
    async close() {
      clearTimeout(leaveTimer)
      await end('the connection to ClickHouse was closed')
    },
  }
}
