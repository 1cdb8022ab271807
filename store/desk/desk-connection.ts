import { type AnalystConnection, StoreAway, type StoreConnection } from '../connection.ts'

/** What one question of the desk may take: somebody waits for it, and landing must not. */
export interface DeskLimits {
  readonly timeoutMs: number
  readonly memoryBytesMax: number
  /** Questions at once; each has a connection of its own and one thread. */
  readonly connections: number
  /** Questions that wait for one of them; more are refused. */
  readonly waitingMax: number
}

/** After a question that the store did not answer, others are told the same for so long: a hung server must not keep everybody waiting in turn. */
const awayMs = 2_000

export const deskLimitsDefault: DeskLimits = { timeoutMs: 5_000, memoryBytesMax: 300_000_000, connections: 2, waitingMax: 64 }

export type QueryParameters = Readonly<Record<string, string | number | readonly string[] | readonly number[]>>

/** Read-only questions with bound parameters. Rejects when the engine does, when too much waits, and after `close`. */
export interface DeskConnection {
  /** Each row is an array of its columns; 64-bit integers come as numbers. */
  rows<Row extends readonly unknown[]>(sql: string, parameters?: QueryParameters): Promise<Row[]>
  /** Gives up what runs: at a server nobody waits for the answer any more, and an engine in the process is waited for. */
  close(): Promise<void>
}

/** Connections are opened when first needed; a connection runs one statement at a time. */
export const createDeskConnection = (store: Pick<StoreConnection, 'openAnalyst'>, limits: DeskLimits): DeskConnection => {
  const idle: AnalystConnection[] = []
  const all = new Set<AnalystConnection>()
  const running = new Set<Promise<unknown>>()
  const waiting: (() => void)[] = []
  let busy = 0
  let isClosed = false
  let away: { readonly error: StoreAway; readonly untilMs: number } | null = null

  const open = (): AnalystConnection => {
    const connection = store.openAnalyst({ rowsMax: 0, timeoutMs: limits.timeoutMs, memoryBytesMax: limits.memoryBytesMax })
    all.add(connection)
    return connection
  }

  const ask = async (sql: string, parameters: QueryParameters): Promise<string> => {
    if (busy >= limits.connections) {
      if (waiting.length >= limits.waitingMax) throw new Error(`${waiting.length} questions of the desk wait for the store already`)
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else busy++
    try {
      if (isClosed) throw new Error('the desk is closed')
      if (away !== null && performance.now() < away.untilMs) throw away.error
      const connection = idle.pop() ?? open()
      try {
        return await connection.text(sql, parameters, 'JSONCompactEachRow')
      } catch (error) {
        if (error instanceof StoreAway) away = { error, untilMs: performance.now() + awayMs }
        throw error
      } finally {
        idle.push(connection)
      }
    } finally {
      const next = waiting.shift()
      if (next === undefined) busy--
      else next()
    }
  }

  return {
    async rows<Row extends readonly unknown[]>(sql: string, parameters: QueryParameters = {}) {
      if (isClosed) throw new Error('the desk is closed')
      const asked = ask(sql, parameters)
      running.add(asked)
      try {
        const text = await asked
        return text === '' ? [] : (JSON.parse(`[${text.trimEnd().replaceAll('\n', ',')}]`) as Row[])
      } finally {
        running.delete(asked)
      }
    },
    async close() {
      isClosed = true
      for (const connection of all) connection.abandon()
      await Promise.allSettled(running)
      for (const connection of all) connection.close()
      all.clear()
    },
  }
}
