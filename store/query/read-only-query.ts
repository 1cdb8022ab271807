import { StoreAway } from '../connection.ts'
import type { Store } from '../open.ts'
import { type AnalystLimits, analystLimitsDefault } from './limits.ts'
import { checkClauses, checkTree } from './allowed-query.ts'

/** Formats without a head: a result streams in pieces, and each piece would bring its own. The columns' names are beside it. */
export const analystFormats = ['JSONEachRow', 'JSONCompactEachRow', 'CSV', 'TabSeparated'] as const
export type AnalystFormat = (typeof analystFormats)[number]

export type AnalystAnswer =
  | {
      readonly ok: true
      readonly columns: readonly { readonly name: string; readonly type: string }[]
      /** Must be read to the end or left by `return`/`break`. A piece that cannot be computed any more (time, memory) throws `QueryStopped`. */
      readonly pieces: AsyncIterable<Uint8Array>
      /** Rows so far; after the last piece, `rows === rowsMax` says that there may have been more. */
      readonly rows: () => number
    }
  | { readonly ok: false; readonly reason: 'not-allowed' | 'bad-query' | 'busy' | 'away'; readonly detail: string }

/** A result's end was not reached: too long, too much memory. What had been computed was streamed. */
export class QueryStopped extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'QueryStopped'
  }
}

export interface Analyst {
  /** Asks one read-only question. Errors of the question are values. At most `concurrentMax` at once; more are told 'busy'. */
  ask(sql: string, options?: { readonly format?: AnalystFormat } & Partial<AnalystLimits>): Promise<AnalystAnswer>
}

/** The engine's sentence without its own noise. */
const sentence = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^(Code: \d+\. )?(DB::Exception: )?/, '')
    .replaceAll(/Code: \d+\. DB::Exception: /g, '')
    .replaceAll(/ \(version [^)]*\)/g, '')
    .trim()

/**
 * For `wardwatch query`: a question runs on a connection of its own that is read-only, with its limits frozen, closed afterwards.
 * The engine computes on a thread of libuv's pool and never on the event loop (a 2 s query: the loop's longest gap was 8 ms); `concurrentMax`
 * leaves most of the pool's four threads to landing.
 */
export const createAnalyst = (store: Store, { concurrentMax = 1 }: { readonly concurrentMax?: number } = {}): Analyst => {
  let running = 0
  return {
    async ask(sql, { format = 'JSONEachRow', ...given } = {}) {
      const limits = { ...analystLimitsDefault, ...given }
      if (running >= concurrentMax) return { ok: false, reason: 'busy', detail: `${running} questions are being answered; try again` }
      running++
      const connection = store.openAnalyst(limits)
      // The limit of rows would cut the syntax tree as well.
      const checking = store.openAnalyst({ ...limits, rowsMax: 0 })
      let isOpen = true
      const finish = (): void => {
        if (!isOpen) return
        isOpen = false
        running--
        checking.close()
        connection.close()
      }
      try {
        const formatted = JSON.parse(
          await checking.text('SELECT formatQuerySingleLine({sql:String}) AS sql', { sql }, 'JSONCompactEachRow'),
        ) as [string]
        const statement = formatted[0]
        const clauses = checkClauses(statement)
        const tree = clauses.ok ? await checking.text(`EXPLAIN AST ${statement}`, {}, 'TabSeparated') : ''
        const verdict = clauses.ok ? checkTree(tree, store.database) : clauses
        if (!verdict.ok) {
          finish()
          return { ok: false, reason: 'not-allowed', detail: verdict.detail }
        }
        const isSelect = tree.startsWith('Select')
        const described = isSelect ? await checking.text(`DESCRIBE TABLE (${statement})`, {}, 'JSONCompactEachRow') : ''
        const columns = described
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as [string, string])
          .map(([name, type]) => ({ name, type }))
        let rows = 0
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          try {
            // Only a SELECT can be streamed; what the others answer is short.
            if (!isSelect) yield Buffer.from(await connection.text(statement, {}, format))
            else
              for await (const piece of connection.stream(statement, format)) {
                rows += piece.rows
                if (piece.bytes.length > 0) yield piece.bytes
              }
          } catch (error) {
            throw new QueryStopped(sentence(error), { cause: error })
          } finally {
            finish()
          }
        }
        return { ok: true, columns, pieces: pieces(), rows: () => rows }
      } catch (error) {
        finish()
        if (error instanceof StoreAway) return { ok: false, reason: 'away', detail: error.message }
        return { ok: false, reason: 'bad-query', detail: sentence(error) }
      }
    },
  }
}
