import { type IncomingMessage, request } from 'node:http'
import { problemTrailer } from './server.ts'
import { controlSocketPath } from './socket-path.ts'

export type Asked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: 'not-running' | 'refused'; readonly problem: string }

const open = (data: string, operation: string, body: object): Promise<Asked<IncomingMessage>> =>
  new Promise((resolve) => {
    const asked = request(
      {
        socketPath: controlSocketPath(data),
        path: `/${operation}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // A connection that is kept would be to the platform of before.
        agent: false,
      },
      (response) => resolve({ ok: true, value: response }),
    )
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const away = error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
      resolve({
        ok: false,
        reason: away ? 'not-running' : 'refused',
        problem: away ? `no platform is running on ${data}: start one with npm start` : error.message,
      })
    })
    asked.end(JSON.stringify(body))
  })

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const refusalOf = async (response: IncomingMessage): Promise<string> => {
  const text = await textOf(response)
  try {
    return (JSON.parse(text) as { problem?: string }).problem ?? text
  } catch {
    return text
  }
}

/** Asks the platform that runs on a data directory. `T` is what the operation is documented to answer: both ends are this program. */
export const ask = async <T>(data: string, operation: string, body: object = {}): Promise<Asked<T>> => {
  const opened = await open(data, operation, body)
  if (!opened.ok) return opened
  try {
    if (opened.value.statusCode !== 200) return { ok: false, reason: 'refused', problem: await refusalOf(opened.value) }
    return { ok: true, value: JSON.parse(await textOf(opened.value)) as T }
  } catch (error) {
    // It died in the middle of a word: whether it did what was asked is not known.
    return { ok: false, reason: 'refused', problem: `the platform broke off its answer: ${(error as Error).message}` }
  }
}

/** An answer's bytes as they come. */
export interface AnswerStream extends AsyncIterable<Buffer> {
  destroy(): void
}

/** The platform could not finish its answer; the message says why. */
class AnswerBrokeOff extends Error {}

/** As `ask`, for an operation that answers bytes as they come. */
export const askStream = async (data: string, operation: string, body: object = {}): Promise<Asked<AnswerStream>> => {
  const opened = await open(data, operation, body)
  if (!opened.ok) return opened
  if (opened.value.statusCode !== 200) return { ok: false, reason: 'refused', problem: await refusalOf(opened.value) }
  const response = opened.value
  return {
    ok: true,
    value: {
      destroy: () => void response.destroy(),
      async *[Symbol.asyncIterator]() {
        for await (const piece of response as AsyncIterable<Buffer>) yield piece
        const problem = response.trailers[problemTrailer]
        if (problem !== undefined) throw new AnswerBrokeOff(decodeURIComponent(problem))
      },
    },
  }
}
