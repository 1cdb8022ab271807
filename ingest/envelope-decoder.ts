import type { Decoded, EnvelopeDecoder } from '../contracts/decode.ts'
import { envelopeKind, envelopeTime } from '../contracts/envelope.ts'
import { presence, session } from '../contracts/observation.ts'
import { createByteWindows, murmur2Within } from './byte-window.ts'
import { type DecodeLimits, defaultDecodeLimits } from './decode-limits.ts'
import { decodePostureJson, isPostureEvent } from './decoders/posture-json.ts'
import { decodeSenmlJson } from './decoders/senml-json.ts'
import { decodeWardwatchJson } from './decoders/wardwatch-json.ts'
import { createHeaderCache } from './header-cache.ts'
import { parsePayload } from './payload-json.ts'
import { type MessageContext, deadLetter, drop } from './verdict.ts'

/** Changes when any decoder's answer changes for some bytes: findings carry it. */
const decoderVersion = 1

const fixedBytes = 8
const messageFixedBytes = 10
/** The leaf and four texts of at most 255 bytes, each after its length: a longer header is no header, and is not remembered. */
const headerBytesMax = 1 + 4 * 256

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An observation that a part of Wardwatch wrote. Sealed, but taken as hostile all the same: a lost key must not become a crash. */
const decodeObservation = (whole: Buffer, start: number, end: number, receivedAt: number, limits: DecodeLimits): Decoded => {
  const parsed = parsePayload(whole, start, end, limits)
  if (!parsed.ok) return deadLetter('bad-envelope', `an observation: ${parsed.detail}`)
  const kind = isObject(parsed.value) ? parsed.value['kind'] : undefined
  const schema = kind === 'session' ? session : kind === 'presence' ? presence : null
  if (schema === null) return deadLetter('bad-envelope', 'an observation that is neither a session nor a presence')
  const checked = schema.safeParse(parsed.value)
  if (!checked.success) return deadLetter('bad-envelope', `a ${String(kind)} observation with members that are missing or wrong`)
  if (Math.floor(checked.data.receivedAt) !== receivedAt) return deadLetter('bad-envelope', "the observation's time is not the envelope's")
  return { outcome: 'ok', observation: checked.data }
}

const decodePayload = (value: unknown, context: MessageContext, limits: DecodeLimits): Decoded => {
  if (context.origin.leaf === 'telemetry') {
    if (isObject(value)) return decodeWardwatchJson(value, context, limits)
    if (Array.isArray(value)) return decodeSenmlJson(value, context, limits)
    return deadLetter('not-an-object', 'neither an object nor a SenML array')
  }
  return isObject(value) ? decodePostureJson(value, context, limits) : deadLetter('not-an-object', 'an event is an object')
}

/**
 * The decoder of everything that stands in an observation topic. Deterministic and total: any bytes give the same value on any runtime, and
 * none gives a throw. A `status` (the device's last will and its birth) is dropped, because sessions tell the same, unless it holds a posture event.
 * It remembers message headers and nothing else.
 */
export const createEnvelopeDecoder = (settings: Partial<DecodeLimits> = {}): EnvelopeDecoder => {
  const limits = { ...defaultDecodeLimits, ...settings }
  const windowOf = createByteWindows()
  const originOf = createHeaderCache(limits.headersMax)

  const decodeMessage = (bytes: Uint8Array): Decoded => {
    if (bytes.length < messageFixedBytes) return deadLetter('bad-envelope', `a message envelope of ${bytes.length} bytes`)
    const headerLength = (bytes[8]! << 8) | bytes[9]!
    const payloadAt = messageFixedBytes + headerLength
    if (headerLength > headerBytesMax) return deadLetter('bad-envelope', `a message header of ${headerLength} bytes`)
    if (payloadAt > bytes.length) return deadLetter('bad-envelope', "the header's length goes beyond the envelope")
    const window = windowOf(bytes)
    const start = bytes.byteOffset + payloadAt
    const end = bytes.byteOffset + bytes.length
    const origin = originOf(window, bytes.byteOffset + messageFixedBytes, headerLength)
    if (origin === null) return deadLetter('bad-envelope', 'the message header is not one')
    const parsed = parsePayload(window.whole, start, end, limits)
    if (origin.leaf === 'status' && !(parsed.ok && isObject(parsed.value) && isPostureEvent(parsed.value['event']))) return drop
    if (!parsed.ok) return deadLetter(parsed.reason, parsed.detail)
    const context: MessageContext = {
      origin,
      receivedAt: envelopeTime(bytes),
      bytes: end - start,
      payloadHash: murmur2Within(window.view, start, end - start),
      redelivered: (bytes[1]! & 1) === 1,
    }
    return decodePayload(parsed.value, context, limits)
  }

  return {
    version: decoderVersion,
    decode(bytes) {
      try {
        if (bytes[0] === envelopeKind.message) return decodeMessage(bytes)
        if (bytes.length < fixedBytes) return deadLetter('bad-envelope', `an envelope of ${bytes.length} bytes`)
        if (bytes[0] === envelopeKind.clock) return drop
        if (bytes[0] !== envelopeKind.observation) return deadLetter('bad-envelope', `an envelope of unknown kind ${bytes[0]}`)
        const { whole } = windowOf(bytes)
        return decodeObservation(whole, bytes.byteOffset + fixedBytes, bytes.byteOffset + bytes.length, envelopeTime(bytes), limits)
      } catch (error) {
        // No input is known that comes here: a fault in a decoder must still cost one record and not the stream.
        return deadLetter('decoder-failed', error instanceof Error ? error.name : 'not an error')
      }
    },
  }
}
