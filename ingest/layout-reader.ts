import type { DecodeLimits } from './decode-limits.ts'
import { type ReadingLayout, slot } from './reading-layout.ts'

/** A device's texts as they came last: nearly always they come again, and a comparison is cheaper than a new string. */
export interface KnownTexts {
  firmware: string | null
  boot: string | null
}

/** What a message of a layout says. Filled by `read`. */
export interface LayoutReading {
  /** null when the layout has no such member. */
  ts: number | null
  seq: number | null
  battery: number | null
  firmware: string | null
  boot: string | null
  /** By the layout's names; a fresh object. */
  vitals: Record<string, number>
}

export interface LayoutReader {
  /** Valid until the next `read`. */
  readonly found: LayoutReading
  /** False when the bytes are not of that layout, or hold anything that wants a closer look: the general decoder then decides. */
  read(layout: ReadingLayout, known: KnownTexts, bytes: Uint8Array, start: number, end: number): boolean
}

/** Whole numbers of so many digits, and powers of ten up to 10^22, are exact in a double: one division of the two is the nearest double. */
const exactDigitsMax = 15
const powersOfTen = Array.from({ length: exactDigitsMax + 1 }, (_, digits) => Number(`1e${digits}`))
const quote = 0x22

export const createLayoutReader = ({ textLengthMax }: Pick<DecodeLimits, 'textLengthMax'>): LayoutReader => {
  const found: LayoutReading = { ts: null, seq: null, battery: null, firmware: null, boot: null, vitals: {} }
  /** Behind what was read last. */
  let at = 0
  let text = ''

  /** A number of JSON's grammar whose value is exact; NaN for any other: one with an exponent, too many digits, or minus zero. */
  const readNumber = (bytes: Uint8Array, from: number, end: number): number => {
    let next = from
    const negative = bytes[next] === 0x2d
    if (negative) next++
    const first = next
    let value = 0
    while (next < end) {
      const digit = bytes[next]! - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      next++
    }
    let digits = next - first
    if (digits === 0 || (digits > 1 && bytes[first] === 0x30)) return NaN
    if (next < end && bytes[next] === 0x2e) {
      const point = ++next
      while (next < end) {
        const digit = bytes[next]! - 0x30
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
        next++
      }
      const decimals = next - point
      digits += decimals
      if (decimals === 0 || digits > exactDigitsMax) return NaN
      value /= powersOfTen[decimals]!
    } else if (digits > exactDigitsMax) return NaN
    at = next
    if (!negative) return value
    return value === 0 ? NaN : -value
  }
  /** A text of plain ASCII; sets `text`. */
  const readText = (known: string | null, bytes: Uint8Array, from: number, end: number): boolean => {
    if (bytes[from] !== quote) return false
    const first = from + 1
    if (known !== null && bytes[first + known.length] === quote) {
      let same = 0
      while (same < known.length && bytes[first + same] === known.charCodeAt(same)) same++
      if (same === known.length) {
        at = first + same + 1
        text = known
        return at <= end
      }
    }
    let next = first
    while (next < end && bytes[next] !== quote && bytes[next] !== 0x5c && bytes[next]! >= 0x20 && bytes[next]! < 0x80) next++
    if (next >= end || bytes[next] !== quote || next === first || next - first > textLengthMax) return false
    text = Buffer.from(bytes.buffer, bytes.byteOffset + first, next - first).toString('latin1')
    at = next + 1
    return true
  }

  return {
    found,
    read(layout, known, bytes, start, end) {
      const { constants, ends, slots, names, sentinels } = layout
      const vitals: Record<string, number> = {}
      found.ts = null
      found.seq = null
      found.battery = null
      found.firmware = null
      found.boot = null
      at = start
      let constant = 0
      for (let i = 0; ; i++) {
        const to = ends[i]!
        // Where this stretch of constants would stand among the bytes, less where it stands among the constants.
        const shift = at - constant
        if (shift + to > end) return false
        while (constant < to && constants[constant] === bytes[shift + constant]) constant++
        if (constant < to) return false
        at = shift + to
        if (i === slots.length) break
        const which = slots[i]!
        if (which >= 0) {
          const value = readNumber(bytes, at, end)
          if (value !== value || isOneOf(sentinels[which]!, value)) return false
          vitals[names[which]!] = value
        } else if (which === slot.fw) {
          if (!readText(known.firmware, bytes, at, end)) return false
          found.firmware = text
        } else if (which === slot.boot) {
          if (!readText(known.boot, bytes, at, end)) return false
          found.boot = text
        } else {
          const value = readNumber(bytes, at, end)
          if (value !== value) return false
          if (which === slot.ts) found.ts = value
          else if (which === slot.seq) found.seq = value
          else found.battery = value
        }
      }
      if (at !== end) return false
      found.vitals = vitals
      known.firmware = found.firmware
      known.boot = found.boot
      return true
    },
  }
}

const isOneOf = (values: readonly number[], value: number): boolean => {
  for (let i = 0; i < values.length; i++) if (values[i] === value) return true
  return false
}
