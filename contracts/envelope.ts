import { type UplinkLeaf, uplinkLeaves } from './mqtt-topics.ts'

/**
 * The binary form of what stands in the observation topics of the log.
 *
 *   byte 0     kind: 1 message, 2 observation (JSON), 3 clock
 *   byte 1     flags: bit 0 = MQTT DUP (message)
 *   bytes 2-7  receivedAt, ms since the epoch, unsigned big-endian 48 bit
 *   message:     u16 header length, header, payload (the device's bytes exactly as they came)
 *                header: leaf index u8, then site, device, model, session, each u8 length + UTF-8
 *   observation: UTF-8 JSON of a session or presence observation
 *   clock:       UTF-8 name of the edge that wrote it
 *
 * A header is constant for a session and leaf: the edge encodes it once, readers may cache by its bytes.
 */
export const envelopeKind = { message: 1, observation: 2, clock: 3 } as const

export interface MessageOrigin {
  readonly leaf: UplinkLeaf
  readonly site: string
  readonly device: string
  readonly model: string
  readonly session: string
}

const fixedBytes = 8
const messageFixedBytes = 10

const lengthPrefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  if (bytes.length > 255) throw new RangeError(`an envelope's text is at most 255 bytes, this one has ${bytes.length}`)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Encodes the part of a message envelope that is the same for every message of a session on one leaf. */
export const encodeMessageHeader = (origin: MessageOrigin): Buffer =>
  Buffer.concat([
    Buffer.from([uplinkLeaves.indexOf(origin.leaf)]),
    ...[origin.site, origin.device, origin.model, origin.session].map(lengthPrefixed),
  ])

/** What stands before the payload of a message envelope, but for what `stampMessageHead` writes: made once for a session and leaf. */
export const encodeMessageHead = (origin: MessageOrigin): Buffer => headOf(encodeMessageHeader(origin), 0)

const headOf = (header: Buffer, payloadBytes: number): Buffer => {
  const out = Buffer.allocUnsafe(messageFixedBytes + header.length + payloadBytes)
  out[0] = envelopeKind.message
  out[8] = header.length >> 8
  out[9] = header.length & 255
  out.set(header, messageFixedBytes)
  return out
}

/** Makes a head that of one message: a message envelope is its bytes and then the payload. */
export const stampMessageHead = (head: Buffer, receivedAtMs: number, dup: boolean): void => {
  head[1] = dup ? 1 : 0
  writeTime(head, receivedAtMs)
}

/** A message envelope. `payload` is copied. */
export const encodeMessage = (header: Buffer, payload: Uint8Array, receivedAtMs: number, dup: boolean): Buffer => {
  const out = headOf(header, payload.length)
  stampMessageHead(out, receivedAtMs, dup)
  out.set(payload, messageFixedBytes + header.length)
  return out
}

const encodeText = (kind: number, text: string, receivedAtMs: number): Buffer => {
  const out = Buffer.allocUnsafe(fixedBytes + Buffer.byteLength(text))
  out[0] = kind
  out[1] = 0
  writeTime(out, receivedAtMs)
  out.write(text, fixedBytes)
  return out
}

/** An envelope for an observation that did not come as a device's payload: a session event or a derived presence. */
export const encodeObservation = (observation: { readonly receivedAt: number }): Buffer =>
  encodeText(envelopeKind.observation, JSON.stringify(observation), observation.receivedAt)

/** The edge's heartbeat in record time: appended to every partition of the observation topics each second. */
export const encodeClock = (edge: string, nowMs: number): Buffer => encodeText(envelopeKind.clock, edge, nowMs)

const writeTime = (out: Buffer, ms: number): void => {
  out.writeUIntBE(ms < 0 ? 0 : Math.floor(ms), 2, 6)
}

/** receivedAt of any envelope, ms. */
export const envelopeTime = (bytes: Uint8Array): number =>
  (bytes[2]! * 256 + bytes[3]!) * 4_294_967_296 + (((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0)

export const isClock = (bytes: Uint8Array): boolean => bytes[0] === envelopeKind.clock

/** The text after the fixed part: an observation's JSON or a clock's edge name. */
export const envelopeText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + fixedBytes, bytes.byteLength - fixedBytes).toString('utf8')

export interface MessageParts {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly dup: boolean
}

/** Splits a message envelope without copying; null when its lengths do not add up. */
export const messageParts = (bytes: Uint8Array): MessageParts | null => {
  if (bytes.length < messageFixedBytes || bytes[0] !== envelopeKind.message) return null
  const payloadAt = messageFixedBytes + ((bytes[8]! << 8) | bytes[9]!)
  if (payloadAt > bytes.length) return null
  return { header: bytes.subarray(messageFixedBytes, payloadAt), payload: bytes.subarray(payloadAt), dup: (bytes[1]! & 1) === 1 }
}

/** Decodes a message header; null when it is not one. */
export const decodeMessageHeader = (header: Uint8Array): MessageOrigin | null => {
  const leaf = uplinkLeaves[header[0] ?? 255]
  if (leaf === undefined) return null
  const texts: string[] = []
  let at = 1
  for (let i = 0; i < 4; i++) {
    const length = header[at]
    if (length === undefined || at + 1 + length > header.length) return null
    texts.push(Buffer.from(header.buffer, header.byteOffset + at + 1, length).toString('utf8'))
    at += 1 + length
  }
  const [site, device, model, session] = texts as [string, string, string, string]
  return { leaf, site, device, model, session }
}
