import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
type Answer = (response: ServerResponse, received: Received) => void

export interface HttpReceiver {
  readonly url: string
  /** Every request that came in whole, oldest first. */
  readonly received: readonly Received[]
  /** How requests are answered from now on. */
  answer(answer: Answer): void
  /** Resolves when `condition` holds; looked at after each request. */
  until(condition: (received: readonly Received[]) => boolean): Promise<void>
  /** Takes the server away: connections end, new ones are refused. */
  stop(): Promise<void>
  /** Brings it back on the same port. */
  start(): Promise<void>
}

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body)

/** A real HTTP server on loopback that keeps what it is sent. */
export const startHttpReceiver = async (): Promise<HttpReceiver> => {
  const received: Received[] = []
  let waiters: { readonly condition: (received: readonly Received[]) => boolean; readonly resolve: () => void }[] = []
  let answer: Answer = status(200)
  let server: Server
  let port = 0
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
        received.push(one)
        answer(response, one)
        for (const { condition, resolve } of waiters) if (condition(received)) resolve()
        waiters = waiters.filter(({ condition }) => !condition(received))
      })
      request.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    answer: (next) => {
      answer = next
    },
    until: (condition) => (condition(received) ? Promise.resolve() : new Promise((resolve) => waiters.push({ condition, resolve }))),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
    start,
  }
}
