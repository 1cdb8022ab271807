import { ClickHouseError } from '@clickhouse/client'
import { connectServer } from './connect-server.ts'
import type { ServerSettings } from './settings.ts'

const retryMs = 1_000

/**
 * Runs statements of an administrator, one after the other. A server that does not answer is waited for; what it refuses is final, and told
 * without the statement, which may hold a password's hash. Answers what went wrong; null: nothing.
 */
export const runStatements = async (server: ServerSettings, statements: readonly string[], waitMs: number): Promise<string | null> => {
  const connection = connectServer(server)
  const untilMs = performance.now() + waitMs
  try {
    for (const query of statements)
      for (;;)
        try {
          await connection.landing.command({ query })
          break
        } catch (error) {
          // A server's own sentence may quote the statement.
          if (error instanceof ClickHouseError) return `${server.url} refuses: ${error.type ?? 'error'} (code ${error.code})`
          if (performance.now() > untilMs)
            return `${server.url} does not answer: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
          await new Promise((resolve) => setTimeout(resolve, retryMs))
        }
    return null
  } finally {
    await connection.close()
  }
}
