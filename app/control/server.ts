import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Logger } from '../../contracts/logger.ts'

/** An operation of the control socket: its body is validated; its answer is JSON, or lines of text as they come. */
export interface Operation<Body> {
  readonly body: z.ZodType<Body>
  readonly answer: (body: Body, signal: AbortSignal) => Promise<object> | AsyncIterable<string | Uint8Array>
}

export const operation = <Body>(body: z.ZodType<Body>, answer: Operation<Body>['answer']): Operation<Body> => ({ body, answer })

// oxlint-disable-next-line typescript/no-explicit-any -- a table of operations with bodies of their own
export type Operations = Readonly<Record<string, Operation<any>>>

/** What was asked can't be done, and the asker can mend it. */
export class OperationRefused extends Error {}

/** Tells why an answer broke off, percent-encoded. */
export const problemTrailer = 'x-problem'

const bodyBytesMax = 1_048_576

export interface ControlServer {
  close(): Promise<void>
}

/** Serves `POST /<operation>` on a Unix socket that only the platform's user can open: the file's mode is the permission. */
export const startControlServer = async (path: string, operations: Operations, logger: Logger): Promise<ControlServer> => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = (request.url ?? '').slice(1)
    if (request.method !== 'POST' || !Object.hasOwn(operations, name)) return fail(response, 404, `no operation ${name}`)
    const chosen = operations[name]!
    const body = await readJson(request)
    if (!body.ok) return fail(response, 400, body.problem)
    const parsed = chosen.body.safeParse(body.value)
    if (!parsed.success) return fail(response, 400, z.prettifyError(parsed.error))
    const left = new AbortController()
    response.on('close', () => left.abort())
    const result = chosen.answer(parsed.data, left.signal)
    if (!(Symbol.asyncIterator in result)) {
      // Waited for before the head goes out: an operation that fails must not have said 200.
      const value = await result
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`)
      return
    }
    let started = false
    for await (const piece of result) {
      if (left.signal.aborted) break
      if (!started) response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', trailer: problemTrailer })
      started = true
      if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof OperationRefused) return fail(response, 400, error.message)
      logger.error({ err: error, operation: request.url }, 'a control operation failed')
      fail(response, 500, error instanceof Error ? error.message : String(error))
    })
  })
  rmSync(path, { force: true })
  const umask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(umask)
  }
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(path, { force: true })
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

const fail = (response: ServerResponse, status: number, problem: string): void => {
  if (response.headersSent) {
    // Half an answer is out: why it ends is told behind it.
    response.addTrailers({ [problemTrailer]: encodeURIComponent(problem) })
    response.end()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify({ problem })}\n`)
}

const readJson = async (request: IncomingMessage): Promise<{ ok: true; value: unknown } | { ok: false; problem: string }> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) return { ok: false, problem: `a body is at most ${bodyBytesMax} bytes` }
    chunks.push(chunk)
  }
  try {
    return { ok: true, value: bytes === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return { ok: false, problem: 'the body is not JSON' }
  }
}
