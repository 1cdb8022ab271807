import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { createAnswerReader, type WithoutAborted } from './answer-reader.ts'
import { createBatchOpener } from './batch-opener.ts'
import { messageBytesMax } from './blob-limits.ts'
import { type AnswerBytes, createFetchAnswerReader } from './fetch-answer.ts'

/** A broker takes requests of 100 MiB by default; of ours no answer comes near that. */
const answerBytesMax = 104_857_600
const checkMs = 100
/** Beyond kafkajs's own timeout for a connection, which an end of the stream before the handshake takes back. */
const connectGraceMs = 1_000

/** Of kafkajs's `RequestQueue`, what is mended. */
export interface RequestQueue {
  readonly inflight: ReadonlyMap<number, { readonly sentAt: number | null; readonly requestTimeout: number; timeoutRequest(): void }>
  readonly pending: readonly unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null
  requestTimeoutIntervalId: ReturnType<typeof setInterval> | undefined
  push(request: unknown): void
  destroy(): void
  scheduleRequestTimeoutCheck(): void
  scheduleCheckPendingRequests(): void
}

/** Of kafkajs's `Connection`, what is mended. */
export interface Connection {
  readonly broker: string
  readonly connectionTimeout: number
  socket?: Socket
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  connecting?: Promise<boolean> | undefined
  isConnected(): boolean
  connect(): Promise<boolean>
  disconnect(): Promise<boolean>
  processData(data: Buffer): void
}

const inside = createRequire(import.meta.url)
const { prototype: queue } = inside('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }
const { prototype: connection } = inside('kafkajs/src/network/connection.js') as { prototype: Connection }
const { KafkaJSConnectionError } = inside('kafkajs/src/errors.js') as {
  KafkaJSConnectionError: new (message: string, of: { readonly broker: string }) => Error
}

// Without anything pending and without a throttle there is nothing to check: an answer checks, too.
// oxlint-disable-next-line typescript/unbound-method
const schedule = queue.scheduleCheckPendingRequests
queue.scheduleCheckPendingRequests = function scheduleWhenNeeded(this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
}

// Each request has an end. kafkajs's own watch stops with the connection, and what was sent while that ended was waited for without end.
queue.scheduleRequestTimeoutCheck = function watch(this: RequestQueue): void {
  if (this.requestTimeoutIntervalId !== undefined) return
  this.requestTimeoutIntervalId = setInterval(() => {
    for (const request of this.inflight.values())
      if (request.sentAt !== null && Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest()
    if (this.inflight.size > 0 || this.pending.length > 0) return
    clearInterval(this.requestTimeoutIntervalId)
    this.requestTimeoutIntervalId = undefined
  }, checkMs)
}
// oxlint-disable-next-line typescript/unbound-method
const push = queue.push
queue.push = function pushWatched(this: RequestQueue, request: unknown): void {
  push.call(this, request)
  this.scheduleRequestTimeoutCheck()
}
queue.destroy = function stopChecks(this: RequestQueue): void {
  clearTimeout(this.throttleCheckTimeoutId ?? undefined)
  this.throttleCheckTimeoutId = null
}

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
    late.reject(new KafkaJSConnectionError('Connection timeout', { broker: of.broker }))
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
    if (this.socket !== undefined) silence(this.socket)
    this.chunks = []
    this.bytesBuffered = 0
    this.bytesNeeded = 4
    return within(this, connect.call(this)).finally(() => (this.connecting = undefined))
  })()
  return this.connecting
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

const Decoder = inside('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => AnswerBytes
const newestFetchAnswer = inside('kafkajs/src/protocol/requests/fetch/v11/response.js') as { decode: (raw: Buffer) => Promise<unknown> }
newestFetchAnswer.decode = createFetchAnswerReader((raw) => new Decoder(raw), createBatchOpener(2 * messageBytesMax))

/**
 * kafkajs 2.2.4 with what is wrong inside it mended, at its prototypes, once for the process:
 * - the request queue armed a timer with a negative time, each millisecond, for every connection (tulios/kafkajs#1751);
 * - a request that was sent while its connection ended was never given up;
 * - a connection that was made again kept what had come of an answer that was cut, and events of the socket before;
 * - a broker's answer that is none ended the process;
 * - one batch that can't be read held up all that was read beside it, for good: the decoder of a fetch's answer is `fetch-answer.ts`.
 */
export const mendedKafkajs = {
  queue,
  connection,
  ...createAnswerReader(inside('kafkajs/src/consumer/filterAbortedMessages.js') as WithoutAborted),
}
