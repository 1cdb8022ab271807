import { type MessageOrigin, decodeMessageHeader } from '../contracts/envelope.ts'
import { type ByteWindow, murmur2Within, sameBytes } from './byte-window.ts'

/** A header's place: its length (u32, one higher: 0 is an empty one), then its bytes. A longer header is decoded each time. */
const slotBytes = 256
const cachedBytesMax = slotBytes - 4

/**
 * A message header is constant for a session and leaf: its five strings are decoded once, not once a message (5,000 devices: 1.5 us
 * against 0.15). Each header has two slots, by the hash of its last bytes (the session's id), and is compared byte by byte, so that the answer
 * is always that of the bytes; headers that crowd each other out only cost a decoding each. The bytes of all slots lie in one piece of
 * memory: a view a header would miss the processor's cache three times before the first byte is compared.
 * @param headersMax slots, a power of two; 256 bytes each, and about 400 more once used
 */
export const createHeaderCache = (headersMax: number): ((window: ByteWindow, start: number, length: number) => MessageOrigin | null) => {
  const known = new DataView(new ArrayBuffer(headersMax * slotBytes))
  const origins = new Array<MessageOrigin | null>(headersMax).fill(null)
  const mask = headersMax - 1
  const holds = (slot: number, window: ByteWindow, start: number, length: number): boolean =>
    known.getUint32(slot * slotBytes, true) === length + 1 && sameBytes(window.view, start, known, slot * slotBytes + 4, length)

  return (window, start, length) => {
    if (length > cachedBytesMax) return decodeMessageHeader(window.whole.subarray(start, start + length))
    const tail = length < 12 ? length : 12
    // The leaf is the first byte; it is mixed in so that a session's telemetry and events do not share a slot.
    const hash = murmur2Within(window.view, start + length - tail, tail) + (length === 0 ? 0 : window.view.getUint8(start))
    const [one, two] = [hash & mask, (hash >>> 12) & mask]
    if (holds(one, window, start, length)) return origins[one]!
    if (holds(two, window, start, length)) return origins[two]!
    const origin = decodeMessageHeader(window.whole.subarray(start, start + length))
    const isFree = (slot: number): boolean => known.getUint32(slot * slotBytes, true) === 0
    const slot = isFree(one) || !isFree(two) ? one : two
    known.setUint32(slot * slotBytes, length + 1, true)
    for (let i = 0; i < length; i++) known.setUint8(slot * slotBytes + 4 + i, window.view.getUint8(start + i))
    origins[slot] = origin
    return origin
  }
}
