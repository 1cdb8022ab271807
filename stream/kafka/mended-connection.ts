import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { RequestQueue } from './mended-request-queue.ts'
import './mended-request-queue.ts'

/** Of kafkajs's `Connection`, what is mended. */
export interface Connection {
  readonly broker: string
  readonly connectionTimeout: number
  readonly requestQueue: RequestQueue
  readonly socketFactory: { readonly onProduced?: (error: unknown) => void }
  socket?: Socket
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  authHandlers: unknown
  authenticatedAt: unknown
  connectionStatus: 'connected' | 'disconnecting' | 'disconnected'
  connecting?: Promise<boolean> | undefined
  /** Why the last request of an authentication failed. */
  authenticationError?: unknown
  isConnected(): boolean
  connect(): Promise<boolean>
  disconnect(): Promise<boolean>
  send(of: Sending): Promise<unknown>
  processData(data: Buffer): void
  rejectRequests(error: Error): void
}

interface Sending {
  readonly request: { readonly apiKey: number }
}

/** A broker takes requests of 100 MiB by default; of ours no answer comes near that. */
const answerBytesMax = 104_857_600
/** Beyond kafkajs's own timeout for a connection, which an end of the stream before the handshake takes back. */
const connectGraceMs = 1_000
const produceApi = 0
const authenticationApis: ReadonlySet<number> = new Set([17, 36])

const inside = createRequire(import.meta.url)
const { prototype: connection } = inside('kafkajs/src/network/connection.js') as { prototype: Connection }
const { KafkaJSConnectionError } = inside('kafkajs/src/errors.js') as {
  KafkaJSConnectionError: new (message: string, of: { readonly broker: string }) => Error
}

export const connectionLost = (of: Pick<Connection, 'broker'>, why: string): Error => new KafkaJSConnectionError(why, { broker: of.broker })

/** What the socket before still has to say is not about the connection that comes. */
const silence = (socket: Socket): void => {
  for (const event of ['data', 'end', 'timeout', 'error']) socket.removeAllListeners(event)
  socket.on('error', () => {})
  socket.destroy()
}

const within = async (of: Connection, connected: Promise<boolean>): Promise<boolean> => {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => {
    void of.disconnect()
    late.reject(connectionLost(of, 'Connection timeout'))
  }, of.connectionTimeout + connectGraceMs)
  try {
    return await Promise.race([connected, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

// kafkajs uses a connection again after it was lost, with what had come of an answer that was cut: it took the next ones for the rest
// of that and understood none, for good. And who asked for it while it was being made had another socket made for it.
// oxlint-disable-next-line typescript/unbound-method
const connect = connection.connect
connection.connect = function connectAnew(this: Connection): Promise<boolean> {
  if (this.isConnected()) return Promise.resolve(true)
  this.connecting ??= (() => {
    if (this.socket !== undefined) {
      silence(this.socket)
      this.rejectRequests(connectionLost(this, 'Connection lost'))
    }
    this.chunks = []
    this.bytesBuffered = 0
    this.bytesNeeded = 4
    this.authHandlers = null
    // A broker answers in order: one that does not answer the next answers nothing more, and kafkajs would go on asking it.
    this.requestQueue.onStuck = () => this.socket?.destroy(new Error('no answer in time'))
    return within(this, connect.call(this)).finally(() => (this.connecting = undefined))
  })()
  return this.connecting
}

// kafkajs's own waits for requests under way and then ends whatever socket there is by then.
connection.disconnect = async function disconnectThis(this: Connection): Promise<boolean> {
  const { socket } = this
  this.authenticatedAt = null
  this.connectionStatus = 'disconnecting'
  await this.requestQueue.waitForPendingRequests()
  this.requestQueue.destroy()
  socket?.end()
  socket?.unref()
  if (this.socket === socket) this.connectionStatus = 'disconnected'
  return true
}

// Of several tries of kafkajs the last error is told; whether a batch may have been written is a matter of each. And an authentication that
// was interrupted is told like one that was refused.
// oxlint-disable-next-line typescript/unbound-method
const send = connection.send
connection.send = async function sendTelling(this: Connection, of: Sending): Promise<unknown> {
  const { apiKey } = of.request
  try {
    const answer = await send.call(this, of)
    if (apiKey === produceApi) this.socketFactory.onProduced?.(null)
    return answer
  } catch (error) {
    if (apiKey === produceApi) this.socketFactory.onProduced?.(error)
    if (authenticationApis.has(apiKey)) this.authenticationError = error
    throw error
  }
}

// What is no answer of Kafka ends the connection, not the process.
// oxlint-disable-next-line typescript/unbound-method
const processData = connection.processData
connection.processData = function processOrEnd(this: Connection, data: Buffer): void {
  try {
    processData.call(this, data)
    if (this.bytesNeeded >= 0 && this.bytesNeeded <= answerBytesMax) return
    throw new RangeError(`an answer of ${this.bytesNeeded} bytes`)
  } catch (error) {
    this.socket?.destroy(new Error(`what came is no answer of Kafka: ${(error as Error).message}`))
  }
}

export { connection as mendedConnection }
