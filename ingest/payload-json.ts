import { isUtf8 } from 'node:buffer'
import type { DeadLetterReason } from '../contracts/decode.ts'
import type { DecodeLimits } from './decode-limits.ts'

/** A payload's JSON value, or why it has none. */
export type PayloadJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: DeadLetterReason; readonly detail: string }

/** Whether brackets nest deeper than allowed, strings aside. Both engines parse 100,000 levels; what walks the value later need not. */
const nestsDeeperThan = (bytes: Buffer, start: number, end: number, nestingMax: number): boolean => {
  let depth = 0
  let inString = false
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (inString) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > nestingMax) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

const failed = (reason: DeadLetterReason, detail: string): PayloadJson => ({ ok: false, reason, detail })

/**
 * Parses a payload's bytes: size, UTF-8 (a byte order mark is passed over, RFC 8259 section 8.1), depth, JSON. Never throws.
 * Text that is not UTF-8 decodes to U+FFFD, and looking for that costs nothing in an ASCII string, so the bytes are checked only
 * when it is there (a device may write U+FFFD itself).
 */
export const parsePayload = (whole: Buffer, start: number, end: number, limits: DecodeLimits): PayloadJson => {
  const length = end - start
  if (length > limits.payloadBytesMax) return failed('too-large', `${length} bytes, ${limits.payloadBytesMax} are allowed`)
  const from = whole[start] === 0xef && length >= 3 && whole[start + 1] === 0xbb && whole[start + 2] === 0xbf ? start + 3 : start
  const text = whole.toString('utf8', from, end)
  if (text.includes('\uFFFD') && !isUtf8(whole.subarray(from, end))) return failed('not-utf8', `${length} bytes that are not UTF-8`)
  // An open bracket needs no closing one to be deep: half-open documents must not be parsed at depth either.
  if (length > limits.nestingMax && nestsDeeperThan(whole, from, end, limits.nestingMax)) {
    return failed('too-deep', `nested deeper than ${limits.nestingMax}`)
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return failed('not-json', length === 0 ? 'no bytes' : `${length} bytes that are not JSON`)
  }
}
