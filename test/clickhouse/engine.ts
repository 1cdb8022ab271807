import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChdbQueryStream, drainPending, Session } from 'chdb'
import { type StandInUser, usersXml } from './users.ts'

/** A statement as it came over HTTP. */
export interface Statement {
  /** Whose rights it has: a role of the engine, which enforces them. */
  readonly role: string
  readonly database: string
  readonly settings: readonly (readonly [string, string])[]
  /** `param_NAME` as they stood in the URL: the engine itself unescapes them. */
  readonly parameters: readonly (readonly [string, string])[]
  readonly sql: string
  /** The data of an INSERT .. FORMAT; null for anything else. */
  readonly data: Buffer | null
  readonly defaultFormat: string
}

export type Outcome =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array; readonly format: string }
  | { readonly kind: 'stream'; readonly pieces: AsyncIterable<Uint8Array>; readonly format: string; cancel(): void }

export interface Engine {
  /** Rejects with the engine's own error text. @param streams whether the answer may come in pieces */
  run(statement: Statement, streams: boolean): Promise<Outcome>
  /** Takes other users: waits for what runs, then opens the engine anew. */
  setUsers(users: readonly StandInUser[]): Promise<void>
  close(): Promise<void>
}

/** Formats whose pieces have no head: a streamed piece is a text of its own. */
const streamable = new Set(['JSONEachRow', 'JSONCompactEachRow', 'CSV', 'TabSeparated', 'TSV'])
const insertWithData = /^\s*INSERT\s+INTO\b[\s\S]*\bFORMAT\s+\w+\s*$/i
const trailingFormat = /\bFORMAT\s+(\w+)\s*;?\s*$/i

export const takesData = (sql: string): boolean => insertWithData.test(sql)

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text)

/** npm's chdb as a server's inside: every statement has a session of its own with its user's rights, as over HTTP. */
export const openEngine = async (directory: string, users: readonly StandInUser[]): Promise<Engine> => {
  const config = join(directory, 'stand-in.xml')
  const usersFile = join(directory, 'users.xml')
  const uploads = join(directory, 'uploads')
  const path = join(directory, 'engine')
  rmSync(uploads, { recursive: true, force: true })
  mkdirSync(uploads, { recursive: true })
  writeFileSync(
    config,
    `<clickhouse>
  <user_files_path>${directory}/no-user-files/</user_files_path>
  <access_control_improvements><select_from_system_db_requires_grant>true</select_from_system_db_requires_grant></access_control_improvements>
  <user_directories><users_xml><path>${usersFile}</path></users_xml></user_directories>
  <max_server_memory_usage>1500000000</max_server_memory_usage>
  <mark_cache_size>33554432</mark_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
</clickhouse>
`,
  )
  let serial = 0
  const running = new Set<Promise<unknown>>()
  let reopening: Promise<void> = Promise.resolve()

  const open = (of: readonly StandInUser[]): Session => {
    writeFileSync(usersFile, usersXml(of))
    return new Session(path, { connectionArgs: [`--config-file=${config}`] })
  }
  let keeper = open(users)

  const prepare = async ({ role, database, settings, parameters }: Statement): Promise<Session> => {
    const session = new Session(path)
    try {
      // `readonly` freezes the others: it comes last, as the server applies all of a request at once.
      const ordered = settings.toSorted(([a], [b]) => Number(a === 'readonly') - Number(b === 'readonly'))
      for (const [name] of [...settings, ...parameters])
        if (!isName(name)) throw new Error(`Code: 115. DB::Exception: Unknown setting '${name}'. (UNKNOWN_SETTING)`)
      for (const [name, value] of parameters) await session.queryAsync(`SET param_${name} = ${literal(value)}`)
      await session.queryAsync(`SET ROLE ${role}`)
      if (database !== 'default') await session.queryAsync(`USE \`${database.replaceAll('`', '``')}\``)
      for (const [name, value] of ordered) await session.queryAsync(`SET ${name} = ${literal(value)}`)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  const insert = async (session: Session, sql: string, data: Buffer): Promise<void> => {
    if (data.length === 0) return
    // chdb takes binary data from a file only.
    const file = join(uploads, `${serial++}`)
    writeFileSync(file, data)
    try {
      await session.queryAsync(sql.replace(trailingFormat, (format) => `FROM INFILE ${literal(file)} ${format}`))
    } finally {
      rmSync(file, { force: true })
    }
  }

  const streamOf = (session: Session, stream: ChdbQueryStream, done: () => void): AsyncGenerator<Uint8Array> =>
    (async function* () {
      try {
        for await (const chunk of stream) if (chunk.numBytes > 0) yield Buffer.from(chunk.raw())
      } finally {
        session.close()
        done()
      }
    })()

  const begin = async (statement: Statement, streams: boolean, done: () => void): Promise<Outcome> => {
    const session = await prepare(statement)
    try {
      if (statement.data !== null) {
        await insert(session, statement.sql, statement.data)
        session.close()
        done()
        return { kind: 'whole', bytes: new Uint8Array(), format: 'TabSeparated' }
      }
      const format = trailingFormat.exec(statement.sql)?.[1] ?? statement.defaultFormat
      if (streams && streamable.has(format) && /^[\s(]*(SELECT|WITH)\b/i.test(statement.sql)) {
        const stream = session.queryStream(statement.sql.replace(trailingFormat, ''), { format })
        const pieces = streamOf(session, stream, done)
        // An error before the first piece is answered as an error.
        const first = await pieces.next()
        const all = async function* (): AsyncGenerator<Uint8Array> {
          try {
            if (first.done === true) return
            yield first.value
            yield* pieces
          } finally {
            await pieces.return(undefined)
          }
        }
        return { kind: 'stream', pieces: all(), format, cancel: () => stream.cancel() }
      }
      const result = await session.queryAsync(statement.sql, { format })
      const bytes = Buffer.from(result.bytes())
      session.close()
      done()
      return { kind: 'whole', bytes, format }
    } catch (error) {
      session.close()
      done()
      throw error
    }
  }

  return {
    async run(statement, streams) {
      await reopening
      let done = (): void => {}
      const ended = new Promise<void>((resolve) => (done = resolve))
      running.add(ended)
      void ended.then(() => running.delete(ended))
      try {
        return await begin(statement, streams, done)
      } catch (error) {
        done()
        throw error
      }
    },
    async setUsers(of) {
      reopening = (async () => {
        await Promise.all(running)
        keeper.close()
        await drainPending()
        keeper = open(of)
      })()
      await reopening
    },
    async close() {
      await Promise.all(running)
      keeper.close()
      await drainPending()
    },
  }
}
