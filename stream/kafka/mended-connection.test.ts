import { createRequire } from 'node:module'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Connection, mendedConnection } from './mended-connection.ts'

const inside = createRequire(import.meta.url)
const Encoder = inside('kafkajs/src/protocol/encoder.js') as new () => object

type Requests = Connection & { send(of: object): Promise<string> }
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const answerBytes = 40
const answerTo = (request: Buffer): Buffer => {
  const answer = Buffer.alloc(8 + answerBytes, 7)
  answer.writeInt32BE(4 + answerBytes, 0)
  // The correlation id stands behind the size, the kind and the version.
  answer.writeInt32BE(request.readInt32BE(8), 4)
  return answer
}

/** @param serve what the n-th connection does with a request */
const connectTo = async (serve: (socket: Socket, request: Buffer, n: number) => void, requestTimeout = 300): Promise<Requests> => {
  let connections = 0
  const server = createServer((socket) => {
    const n = connections++
    socket.on('error', () => {})
    socket.on('data', (request: Buffer) => serve(socket, request, n))
    closing.push(() => socket.destroy())
  })
  closing.push(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const quiet = { namespace: () => quiet, debug() {}, info() {}, warn() {}, error() {} }
  const made = new (mendedConnection.constructor as new (of: object) => Requests)({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    logger: quiet,
    socketFactory: ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => connect({ host, port }, onConnect),
    requestTimeout,
    connectionTimeout: 1_000,
  })
  closing.push(() => made.socket?.destroy())
  return made
}

const ask = async (connection: Requests): Promise<string> => {
  await connection.connect()
  return connection.send({
    request: { apiKey: 18, apiVersion: 0, apiName: 'Asked', encode: async () => new Encoder() },
    response: { decode: async (bytes: Buffer) => ({ bytes, clientSideThrottleTime: 0 }), parse: async () => 'answered' },
  })
}

describe('kafkajs, mended', () => {
  it('a connection that was cut in the middle of an answer understands the answers of the next, wherever it was cut', async () => {
    for (let cut = 1; cut < 8 + answerBytes; cut++) {
      const connection = await connectTo((socket, request, n) => {
        if (n > 0) socket.write(answerTo(request))
        else
          socket.write(answerTo(request).subarray(0, cut), () =>
            setTimeout(() => (cut % 2 === 0 ? socket.end() : socket.resetAndDestroy()), 1),
          )
      })
      await expect(ask(connection), `cut after ${cut} bytes`).rejects.toThrow(/Closed connection|ECONNRESET/)
      expect(await ask(connection), `cut after ${cut} bytes`).toBe('answered')
      expect(await ask(connection), `cut after ${cut} bytes`).toBe('answered')
    }
  })

  it('a request that was sent while its connection ended is given up like any other', async () => {
    // By how many turns the end comes after the request decides whether the one knows of the other.
    const ends = Array.from({ length: 12 }, async (_, turns) => {
      const connection = await connectTo(() => {})
      await connection.connect()
      const asked = ask(connection).catch((error: Error) => error.message)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await connection.disconnect()
      return asked
    })
    for (const end of await Promise.all(ends)) expect(end).toMatch(/timed out|Not connected/)
  })

  it('an answer that is none ends the connection, not the process', async () => {
    for (const noise of [
      Buffer.from([0, 0, 0, 0, 1]),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ]) {
      const connection = await connectTo((socket, request, n) => void socket.write(n === 0 ? noise : answerTo(request)))
      await expect(ask(connection)).rejects.toThrow('no answer of Kafka')
      expect(await ask(connection)).toBe('answered')
    }
  })

  it('who asks for a connection that is being made gets that one', async () => {
    const connection = await connectTo((socket, request) => void socket.write(answerTo(request)))
    expect(connection.connect()).toBe(connection.connect())
    expect(await ask(connection)).toBe('answered')
  })

  it('what the socket before still says does not end the connection that came after it', async () => {
    const sockets: Socket[] = []
    const connection = await connectTo((socket, request) => {
      sockets.push(socket)
      socket.write(answerTo(request))
    })
    expect(await ask(connection)).toBe('answered')
    await connection.disconnect()
    expect(await ask(connection)).toBe('answered')
    sockets[0]!.write('late words')
    sockets[0]!.end()
    expect(await ask(connection)).toBe('answered')
    expect(sockets).toHaveLength(3)
    expect(sockets[2]).toBe(sockets[1])
  })
})
