import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TestIdentity } from './test-certificates.ts'

/** Frames of MQTT 3.1.1 as bytes, so that tests can also get them wrong. */
export const remainingLength = (length: number): Buffer => {
  const bytes: number[] = []
  do {
    bytes.push((length & 127) | (length > 127 ? 128 : 0))
    length >>>= 7
  } while (length > 0)
  return Buffer.from(bytes)
}
export const frame = (header: number, ...body: readonly (Buffer | readonly number[])[]): Buffer => {
  const all = Buffer.concat(body.map((part) => Buffer.from(part as Buffer)))
  return Buffer.concat([Buffer.from([header]), remainingLength(all.length), all])
}
export const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}
export const number16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

export interface ConnectFields {
  readonly level?: number
  readonly name?: string
  readonly clean?: boolean
  readonly keepAliveSeconds?: number
  readonly will?: { readonly topic: string | Buffer; readonly payload: string }
  readonly userName?: string
  readonly password?: string
}
export const connectFrame = (clientId: string | Buffer, fields: ConnectFields = {}): Buffer => {
  const { level = 4, name = 'MQTT', clean = true, keepAliveSeconds = 0, will, userName, password } = fields
  const flags =
    (clean ? 2 : 0) | (will === undefined ? 0 : 0x0c) | (userName === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40)
  return frame(
    0x10,
    text(name),
    [level, flags],
    number16(keepAliveSeconds),
    text(clientId),
    ...(will === undefined ? [] : [text(will.topic), text(will.payload)]),
    ...(userName === undefined ? [] : [text(userName)]),
    ...(password === undefined ? [] : [text(password)]),
  )
}
export const publishFrame = (topic: string | Buffer, payload: string | Buffer, qos: 0 | 1 | 2 = 1, packetId = 1, flags = 0): Buffer =>
  frame(0x30 | (qos << 1) | flags, text(topic), qos === 0 ? [] : number16(packetId), Buffer.from(payload as string))
export const subscribeFrame = (packetId: number, ...filters: readonly (readonly [string | Buffer, number])[]): Buffer =>
  frame(0x82, number16(packetId), ...filters.map(([filter, qos]) => Buffer.concat([text(filter), Buffer.from([qos])])))

/** A raw client: bytes out, whole packets in. */
export interface RawClient {
  readonly socket: TLSSocket
  readonly packets: readonly Buffer[]
  send(...frames: readonly Buffer[]): void
  /** The packet at this place in the order of arrival, when it has come; rejects when the connection ends before. */
  packet(index: number): Promise<Buffer>
  /** Resolves when the connection is over, however. */
  readonly closed: Promise<void>
}

/** The length of the packet at the front; 0 while it is not complete. */
const wholeLength = (bytes: Buffer): number => {
  let length = 0
  for (let i = 1; i < bytes.length && i < 5; i++) {
    length += (bytes[i]! & 127) << (7 * (i - 1))
    if (bytes[i]! < 128) return i + 1 + length <= bytes.length ? i + 1 + length : 0
  }
  return 0
}

/** Opens a TLS connection, with a certificate or without; rejects when the handshake fails on this side. */
export const openRaw = async (port: number, identity: TestIdentity | null, options: ConnectionOptions = {}): Promise<RawClient> => {
  const credentials = identity === null ? {} : { key: identity.keyPem, cert: identity.certificatePem }
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...credentials, ...options })
  const packets: Buffer[] = []
  let rest = Buffer.alloc(0)
  let over = false
  let wake: (() => void)[] = []
  const wakeAll = (): void => {
    for (const one of wake) one()
    wake = []
  }
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let length = wholeLength(rest); length > 0; length = wholeLength(rest)) {
      packets.push(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
    wakeAll()
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      over = true
      wakeAll()
      resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('secureConnect', resolve)
  })
  socket.on('error', () => {})
  return {
    socket,
    packets,
    closed,
    send: (...frames) => void socket.write(Buffer.concat(frames)),
    async packet(index) {
      while (packets.length <= index) {
        if (over) throw new Error(`the connection ended after ${packets.length} packets`)
        await new Promise<void>((resolve) => wake.push(resolve))
      }
      return packets[index]!
    },
  }
}

/** Opens a connection and signs in; rejects when CONNACK is not 0. The CONNACK is packet 0. */
export const signIn = async (
  port: number,
  identity: TestIdentity | null,
  clientId: string,
  fields: ConnectFields = {},
): Promise<RawClient> => {
  const client = await openRaw(port, identity)
  client.send(connectFrame(clientId, fields))
  const answer = await client.packet(0)
  if (answer[0] !== 0x20 || answer[3] !== 0) throw new Error(`CONNACK ${answer.toString('hex')}`)
  return client
}
