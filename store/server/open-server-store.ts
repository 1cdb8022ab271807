import { ClickHouseError } from '@clickhouse/client'
import { readyStore, type OpenOptions, type Store, type StoreRefusal } from '../open.ts'
import { connectServer } from './connect-server.ts'
import type { ServerSettings } from './settings.ts'

/** A store that can't be used by trying again: another version's, or one whose migrations were changed. */
export class StoreRefused extends Error {
  readonly reason: StoreRefusal
  constructor(reason: StoreRefusal, detail: string) {
    super(detail)
    this.reason = reason
    this.name = 'StoreRefused'
  }
}

export interface ServerStore extends Store {
  /** Resolves when it is migrated and answers; rejects with `StoreRefused`. Until then questions are asked all the same, and fail. */
  readonly ready: Promise<void>
  /** Why it is not ready, in one sentence; null when it is. */
  problem(): string | null
}

const retryMsMin = 500
const retryMsMax = 10_000

/** These can be mended only by changing this node or the store. A user or a database that isn't there yet may come. */
const final: ReadonlySet<StoreRefusal> = new Set(['migration-changed', 'store-is-newer'])

/** One sentence without the password, which no error of the client holds, and without the query. */
const sentence = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof ClickHouseError ? ` (${error.type ?? error.code})` : ''
  return `${text.split('\n')[0]!.trim().slice(0, 300)}${code}`
}

/**
 * A store on a ClickHouse server. It is there at once, whether or not the server is: it is migrated as soon as it can be, and whoever needs it
 * waits for `ready`.
 */
export const openServerStore = (options: Omit<OpenOptions, 'database'> & { readonly server: ServerSettings }): ServerStore => {
  const { server, logger } = options
  const connection = connectServer(server)
  let problem: string | null = 'ClickHouse has not answered yet'
  let isClosed = false
  let wake = (): void => {}
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const getReady = async (): Promise<void> => {
    for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      try {
        const outcome = await readyStore(connection, { ...options, database: server.database })
        if (outcome.ok) {
          problem = null
          return
        }
        problem = outcome.detail
        if (final.has(outcome.reason)) throw new StoreRefused(outcome.reason, outcome.detail)
      } catch (error) {
        if (error instanceof StoreRefused || isClosed) throw error
        problem = `ClickHouse at ${server.url}: ${sentence(error)}`
      }
      if (isClosed) throw new Error('the store was closed before it was ready')
      logger.warn({ problem, waitMs }, 'the store is not ready yet')
      await pause(waitMs)
    }
  }
  const ready = getReady()
  ready.catch(() => {})

  return {
    ...connection,
    get landing() {
      return connection.landing
    },
    get query() {
      return connection.query
    },
    database: server.database,
    ready,
    problem: () => problem,
    async close() {
      isClosed = true
      wake()
      // What is being asked ends with it.
      await connection.close()
      await ready.catch(() => {})
    },
  }
}
