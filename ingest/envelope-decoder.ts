import type { Decoded, EnvelopeDecoder } from '../contracts/decode.ts'
import { envelopeKind, envelopeTime } from '../contracts/envelope.ts'
import { presence, session } from '../contracts/observation.ts'
import { createByteWindows } from './byte-window.ts'
import { type DecodeLimits, defaultDecodeLimits } from './decode-limits.ts'
import { decodePostureJson, isPostureEvent } from './decoders/posture-json.ts'
import { decodeSenmlJson } from './decoders/senml-json.ts'
import { decodeWardwatchJson, readingOfLayout } from './decoders/wardwatch-json.ts'
import { type DeviceLayouts, createLayoutShelf } from './device-layouts.ts'
import { createHeaderCache } from './header-cache.ts'
import { createLayoutReader } from './layout-reader.ts'
import { murmur2Of } from './payload-hash.ts'
import { learnLayout } from './reading-layout.ts'
import { parsePayload } from './payload-json.ts'
import { type MessageContext, deadLetter, drop } from './verdict.ts'

/** Changes when any decoder's answer changes for some bytes: findings carry it. */
const decoderVersion = 1

const fixedBytes = 8
const messageFixedBytes = 10
/** The leaf and four texts of at most 255 bytes, each after its length: a longer header is no header, and is not remembered. */
const headerBytesMax = 1 + 4 * 256
/** A message object and its vitals: what a layout nests. */
const layoutNesting = 2
/** Of a longer message no layout is kept. */
const layoutBytesMax = 1_024

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An observation that a part of Wardwatch wrote. Sealed, but taken as hostile all the same: a lost key must not become a crash. */
const decodeObservation = (
  whole: Buffer,
  start: number,
  end: number,
  [toldMs, receivedAtMs]: readonly [told: number, received: number],
  limits: DecodeLimits,
): Decoded => {
  const parsed = parsePayload(whole, start, end, limits)
  if (!parsed.ok) return deadLetter('bad-envelope', `an observation: ${parsed.detail}`)
  const kind = isObject(parsed.value) ? parsed.value['kind'] : undefined
  const schema = kind === 'session' ? session : kind === 'presence' ? presence : null
  if (schema === null) return deadLetter('bad-envelope', 'an observation that is neither a session nor a presence')
  const checked = schema.safeParse(parsed.value)
  if (!checked.success) return deadLetter('bad-envelope', `a ${String(kind)} observation with members that are missing or wrong`)
  if (Math.floor(checked.data.receivedAt) !== toldMs) return deadLetter('bad-envelope', "the observation's time is not the envelope's")
  return { outcome: 'ok', observation: receivedAtMs === toldMs ? checked.data : { ...checked.data, receivedAt: receivedAtMs } }
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
 * It remembers message headers and how the messages under them look, which changes what a decoding costs and never what it answers.
 */
export const createEnvelopeDecoder = (settings: Partial<DecodeLimits> = {}): EnvelopeDecoder => {
  const limits = { ...defaultDecodeLimits, ...settings }
  const windowOf = createByteWindows()
  const headerOf = createHeaderCache(limits.headersMax)
  const reader = createLayoutReader(limits)
  const shared = createLayoutShelf()
  const mayLearn = limits.nestingMax >= layoutNesting

  /** A message that looks like one that came before, under the same header; null when it has to be parsed. */
  const recognise = (layouts: DeviceLayouts, context: MessageContext, bytes: Uint8Array, start: number): Decoded | null => {
    const { latest, other } = layouts
    if (latest === null || context.bytes > limits.payloadBytesMax) return null
    if (!reader.read(latest, layouts, bytes, start, bytes.length)) {
      if (other === null || !reader.read(other, layouts, bytes, start, bytes.length)) return null
      layouts.latest = other
      layouts.other = latest
    }
    return readingOfLayout(reader.found, context, limits)
  }
  const learn = (layouts: DeviceLayouts, bytes: Uint8Array, start: number): void => {
    if (!mayLearn || layouts.lessonsLeft === 0 || bytes.length - start > layoutBytesMax) return
    layouts.lessonsLeft--
    const learned = learnLayout(bytes, start, bytes.length)
    const layout = learned === null ? null : shared(learned)
    // None; or known, and this one was an exception: a sentinel, an exponent.
    if (layout === null || layout === layouts.latest || layout === layouts.other) return
    layouts.other = layouts.latest
    layouts.latest = layout
  }

  const decodeMessage = (bytes: Uint8Array, receivedAtMs: number | undefined): Decoded => {
    if (bytes.length < messageFixedBytes) return deadLetter('bad-envelope', `a message envelope of ${bytes.length} bytes`)
    const headerLength = (bytes[8]! << 8) | bytes[9]!
    const payloadAt = messageFixedBytes + headerLength
    if (headerLength > headerBytesMax) return deadLetter('bad-envelope', `a message header of ${headerLength} bytes`)
    if (payloadAt > bytes.length) return deadLetter('bad-envelope', "the header's length goes beyond the envelope")
    const header = headerOf(bytes, messageFixedBytes, headerLength)
    if (header === null) return deadLetter('bad-envelope', 'the message header is not one')
    const { origin, layouts } = header
    const context: MessageContext = {
      origin,
      receivedAt: receivedAtMs ?? envelopeTime(bytes),
      bytes: bytes.length - payloadAt,
      payloadHash: murmur2Of(bytes, payloadAt, bytes.length),
      redelivered: (bytes[1]! & 1) === 1,
    }
    const recognised = recognise(layouts, context, bytes, payloadAt)
    if (recognised !== null) return recognised
    const parsed = parsePayload(windowOf(bytes), bytes.byteOffset + payloadAt, bytes.byteOffset + bytes.length, limits)
    if (origin.leaf === 'status' && !(parsed.ok && isObject(parsed.value) && isPostureEvent(parsed.value['event']))) return drop
    if (!parsed.ok) return deadLetter(parsed.reason, parsed.detail)
    const decoded = decodePayload(parsed.value, context, limits)
    if (decoded.outcome === 'ok' && decoded.observation.kind === 'reading' && isObject(parsed.value)) learn(layouts, bytes, payloadAt)
    return decoded
  }

  return {
    version: decoderVersion,
    decode(bytes, receivedAtMs) {
      try {
        if (bytes[0] === envelopeKind.message) return decodeMessage(bytes, receivedAtMs)
        if (bytes.length < fixedBytes) return deadLetter('bad-envelope', `an envelope of ${bytes.length} bytes`)
        if (bytes[0] === envelopeKind.clock) return drop
        if (bytes[0] !== envelopeKind.observation) return deadLetter('bad-envelope', `an envelope of unknown kind ${bytes[0]}`)
        const toldMs = envelopeTime(bytes)
        const times = [toldMs, receivedAtMs ?? toldMs] as const
        return decodeObservation(windowOf(bytes), bytes.byteOffset + fixedBytes, bytes.byteOffset + bytes.length, times, limits)
      } catch (error) {
        // No input is known that comes here: a fault in a decoder must still cost one record and not the stream.
        return deadLetter('decoder-failed', error instanceof Error ? error.name : 'not an error')
      }
    },
  }
}
