import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Engine, takesData } from './engine.ts'
import { statusOf } from './error-status.ts'
import type { Fault, Faults } from './faults.ts'
import { faultSwitches } from './faults.ts'
import { adminRole, isUserStatement, knowsPassword, type StandInUser, usersAfter } from './users.ts'

export interface FrontOptions {
  readonly engine: Engine
  readonly faults: Faults
  /** SHA-256 of the password of `default`, hex. */
  readonly adminSha256Hex: string
  readonly users: readonly StandInUser[]
  readonly onUsers: (users: readonly StandInUser[]) => void
  readonly tls: { readonly key: string; readonly cert: string } | null
  readonly bodyBytesMax: number
}

const adminName = 'default'

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
const version = '26.7.2.1 (stand-in)'

/** What only the HTTP layer of a server knows; the engine would refuse them. */
const httpOnly = new Set([
  'query', 'query_id', 'database', 'default_format', 'session_id', 'session_timeout', 'user', 'password', 'role', 'compress', 'decompress', 'quota_key', 'wait_end_of_query',
  'send_progress_in_http_headers', 'http_response_buffer_size', 'http_headers_progress_interval_ms', 'enable_http_compression', 'http_zlib_compression_level',
  'buffer_size', 'cancel_http_readonly_queries_on_client_close',
]) // prettier-ignore

const exception = (code: number, text: string, type: string): Error => new Error(`Code: ${code}. DB::Exception: ${text}. (${type})`)

/** The part of ClickHouse's HTTP interface that its own client speaks. */
export const createFront = (options: FrontOptions): Server => {
  const { engine, faults } = options
  let users = options.users

  const signedIn = (request: IncomingMessage, url: URL): StandInUser | 'admin' => {
    let name = request.headers['x-clickhouse-user'] ?? url.searchParams.get('user')
    let password = request.headers['x-clickhouse-key'] ?? url.searchParams.get('password') ?? ''
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (name === null && basic !== undefined) {
      const [first = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':')
      name = first
      password = rest.join(':')
    }
    const known = String(name ?? adminName)
    if (known === adminName && sha256Hex(String(password)) === options.adminSha256Hex) return 'admin'
    const user = users.find((one) => one.name === known)
    if (user !== undefined && knowsPassword(user, String(password))) return user
    throw exception(
      516,
      `${known}: Authentication failed: password is incorrect, or there is no user with such name`,
      'AUTHENTICATION_FAILED',
    )
  }

  const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
    const encoding = request.headers['content-encoding']
    const source =
      encoding === undefined
        ? request
        : encoding === 'gzip'
          ? request.pipe(createGunzip())
          : encoding === 'zstd'
            ? request.pipe(createZstdDecompress())
            : null
    if (source === null) throw exception(48, `Unknown Content-Encoding ${encoding}`, 'NOT_IMPLEMENTED')
    // `pipe` hands no error on: a body that breaks off must not hang.
    if (source !== request)
      request.on(
        'close',
        () => void (request.complete || (source as ReturnType<typeof createGunzip>).destroy(new Error('the body broke off'))),
      )
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > options.bodyBytesMax) throw exception(307, `body above ${options.bodyBytesMax} bytes`, 'TOO_MANY_BYTES')
      chunks.push(chunk)
    }
    if (!request.complete) throw new Error('the body broke off')
    return Buffer.concat(chunks)
  }

  const statementOf = async (request: IncomingMessage, url: URL, user: StandInUser | 'admin') => {
    const body = await bodyOf(request)
    const asked = url.searchParams.get('query') ?? ''
    const isInsert = takesData(asked)
    const sql = isInsert ? asked : [asked, body.toString('utf8')].filter((text) => text !== '').join('\n')
    const given = [...url.searchParams].filter(([name]) => !httpOnly.has(name))
    const parameters = given.filter(([name]) => name.startsWith('param_')).map(([name, value]) => [name.slice(6), value] as const)
    const settings = given.filter(([name]) => !name.startsWith('param_'))
    const own = user === 'admin' ? [] : user.settings
    if (own.some(([name, value]) => name === 'readonly' && value === '1') && settings.length > 0)
      throw exception(164, `Cannot modify '${settings[0]![0]}' setting in readonly mode`, 'READONLY')
    return {
      role: user === 'admin' ? adminRole : user.role,
      database: url.searchParams.get('database') ?? 'default',
      settings: [...own.filter(([name]) => !settings.some(([other]) => other === name)), ...settings],
      parameters,
      sql,
      data: isInsert ? body : null,
      defaultFormat: url.searchParams.get('default_format') ?? String(request.headers['x-clickhouse-format'] ?? 'TabSeparated'),
    }
  }

  const encode = (request: IncomingMessage, url: URL, response: ServerResponse, bytes: Uint8Array): Uint8Array => {
    if (url.searchParams.get('enable_http_compression') !== '1') return bytes
    const accepted = request.headers['accept-encoding'] ?? ''
    const coding = accepted.includes('zstd') ? 'zstd' : accepted.includes('gzip') ? 'gzip' : null
    if (coding === null) return bytes
    response.setHeader('content-encoding', coding)
    return coding === 'zstd' ? zstdCompressSync(bytes) : gzipSync(bytes)
  }

  const fail = (response: ServerResponse, error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error)
    const code = Number(/Code: (\d+)/.exec(text)?.[1] ?? 1_002)
    if (response.headersSent) {
      response.destroy()
      return
    }
    response.removeHeader('content-encoding')
    response.writeHead(statusOf(code), { 'content-type': 'text/plain; charset=UTF-8', 'x-clickhouse-exception-code': String(code) })
    response.end(`${/Code: \d+/.test(text) ? text : `Code: ${code}. DB::Exception: ${text}. (UNKNOWN_EXCEPTION)`} (version ${version})\n`)
  }

  const answerUserStatement = async (sql: string, user: StandInUser | 'admin', response: ServerResponse): Promise<void> => {
    if (user !== 'admin')
      throw exception(
        497,
        `${user.name}: Not enough privileges. To execute this query, it's necessary to have the grant ACCESS MANAGEMENT ON *.*`,
        'ACCESS_DENIED',
      )
    users = usersAfter(users, sql)
    options.onUsers(users)
    await engine.setUsers(users)
    response.end()
  }

  const cut = (request: IncomingMessage): void => void request.socket.destroy()

  /** True when the request has been dealt with. */
  const goWrong = async (
    fault: Fault,
    request: IncomingMessage,
    response: ServerResponse,
    work: () => Promise<unknown>,
  ): Promise<boolean> => {
    if (fault.how === 'hang') return true
    if (fault.how === 'before') throw exception(1_001, 'the stand-in was told to fail', 'STD_EXCEPTION')
    if (fault.how === 'proxy') {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<html><body>503 Service Unavailable</body></html>')
      return true
    }
    if (fault.how === 'late') {
      cut(request)
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
      await work()
      return true
    }
    await work()
    if (fault.how === 'after') throw exception(1_001, 'the stand-in was told to fail afterwards', 'STD_EXCEPTION')
    cut(request)
    return true
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://stand-in')
    response.setHeader('x-clickhouse-server-display-name', 'wardwatch-stand-in')
    response.setHeader('x-clickhouse-timezone', 'UTC')
    if (url.pathname === '/ping') return void response.end('Ok.\n')
    const user = signedIn(request, url)
    if (url.pathname === '/stand-in/faults') {
      if (user !== 'admin') throw exception(497, 'only the administrator may break the stand-in', 'ACCESS_DENIED')
      faults.set(faultSwitches.parse(JSON.parse((await bodyOf(request)).toString('utf8'))))
      return void response.end()
    }
    response.setHeader('x-clickhouse-query-id', url.searchParams.get('query_id') ?? randomUUID())
    const fault = faults.take(url.searchParams.get('query') ?? '') ?? null
    if (fault?.how === 'cut') {
      request.once('data', () => cut(request))
      return void request.once('end', () => cut(request))
    }
    const statement = await statementOf(request, url, user)
    const late = fault ?? (url.searchParams.has('query') ? null : faults.take(statement.sql))
    const { delayMs } = faults.switches
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    if (isUserStatement(statement.sql)) return answerUserStatement(statement.sql, user, response)
    if (/^\s*(SET|USE)\b/i.test(statement.sql)) return void response.end()
    if (late !== null && (await goWrong(late, request, response, () => engine.run(statement, false)))) return
    const outcome = await engine.run(statement, url.searchParams.get('wait_end_of_query') !== '1' && request.method === 'POST')
    response.setHeader('x-clickhouse-format', outcome.format)
    response.setHeader('content-type', outcome.format.startsWith('JSON') ? 'application/json; charset=UTF-8' : 'text/plain; charset=UTF-8')
    if (outcome.kind === 'whole') {
      response.setHeader('x-clickhouse-summary', JSON.stringify({ read_rows: '0', written_rows: '0' }))
      return void response.end(encode(request, url, response, outcome.bytes))
    }
    await send(outcome, response)
  }

  const send = async (
    outcome: Extract<Awaited<ReturnType<Engine['run']>>, { kind: 'stream' }>,
    response: ServerResponse,
  ): Promise<void> => {
    const tag = randomBytes(8).toString('hex')
    response.setHeader('x-clickhouse-exception-tag', tag)
    let isGone = false
    response.on('close', () => {
      isGone = true
      if (!response.writableFinished) outcome.cancel()
    })
    try {
      for await (const piece of outcome.pieces) {
        if (isGone) break
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
      }
      response.end()
    } catch (error) {
      if (isGone) return
      // As servers since 25.11 tell that an answer broke off.
      const text = `${error instanceof Error ? error.message : String(error)} (version ${version})`
      response.end(`\r\n__exception__\r\n${tag}\r\n${text}\n${Buffer.byteLength(text) + 1} ${tag}\r\n__exception__\r\n`)
    }
  }

  const listener: RequestListener = (request, response) => {
    response.on('error', () => {})
    request.on('error', () => {})
    answer(request, response).catch((error: unknown) => fail(response, error))
  }
  const limits = { maxHeaderSize: 1_048_576, keepAliveTimeout: 10_000 }
  const server = options.tls === null ? createHttpServer(limits, listener) : createHttpsServer({ ...limits, ...options.tls }, listener)
  server.on(options.tls === null ? 'connection' : 'secureConnection', (socket: { destroy(): void }) => {
    if (faults.switches.away) socket.destroy()
  })
  return server
}
