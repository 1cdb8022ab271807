import { type MessageOrigin, decodeMessageHeader } from '../contracts/envelope.ts'
import { murmur2Of } from './payload-hash.ts'
import { type DeviceLayouts, createDeviceLayouts } from './device-layouts.ts'

/** A header as it was understood, and what was learned of the messages that came under it. */
export interface KnownHeader {
  readonly origin: MessageOrigin
  readonly layouts: DeviceLayouts
}

/** A header's place: its length (u32, one higher: 0 is an empty one), then its bytes. A longer header is decoded each time. */
const slotBytes = 256
const cachedBytesMax = slotBytes - 4

const decode = (bytes: Uint8Array, start: number, length: number): KnownHeader | null => {
  const origin = decodeMessageHeader(bytes.subarray(start, start + length))
  return origin === null ? null : { origin, layouts: createDeviceLayouts() }
}

/**
 * A message header is constant for a session and leaf: its five strings are decoded once, not once a message (5,000 devices: 1.5 us
 * against 0.15). Each header has two slots, by the hash of its last bytes (the session's id), and is compared byte by byte, so that the answer
 * is always that of the bytes; headers that crowd each other out only cost a decoding each. The bytes of all slots lie in one piece of
 * memory: a view a header would miss the processor's cache three times before the first byte is compared.
 * @param headersMax slots, a power of two; 256 bytes each, and about 500 more once used
 */
export const createHeaderCache = (headersMax: number): ((bytes: Uint8Array, start: number, length: number) => KnownHeader | null) => {
  const known = new Uint8Array(headersMax * slotBytes)
  const headers = new Array<KnownHeader | null>(headersMax).fill(null)
  const mask = headersMax - 1
  /** 0 for a slot that was never used. */
  const lengthIn = (slot: number): number => known[slot * slotBytes]! | (known[slot * slotBytes + 1]! << 8)
  const holds = (slot: number, bytes: Uint8Array, start: number, length: number): boolean => {
    if (lengthIn(slot) !== length + 1) return false
    const at = slot * slotBytes + 4
    let i = 0
    while (i < length && known[at + i] === bytes[start + i]) i++
    return i === length
  }

  return (bytes, start, length) => {
    if (length > cachedBytesMax) return decode(bytes, start, length)
    const tail = length < 12 ? length : 12
    // The leaf is the first byte; it is mixed in so that a session's telemetry and events do not share a slot.
    const hash = murmur2Of(bytes, start + length - tail, start + length) + (length === 0 ? 0 : bytes[start]!)
    const [one, two] = [hash & mask, (hash >>> 12) & mask]
    if (holds(one, bytes, start, length)) return headers[one]!
    if (holds(two, bytes, start, length)) return headers[two]!
    const header = decode(bytes, start, length)
    const slot = lengthIn(one) === 0 || lengthIn(two) !== 0 ? one : two
    const at = slot * slotBytes
    known[at] = length + 1
    known[at + 1] = (length + 1) >> 8
    for (let i = 0; i < length; i++) known[at + 4 + i] = bytes[start + i]!
    headers[slot] = header
    return header
  }
}
