import { vitalNamed } from '../contracts/vitals.ts'

/** What stands at a place where messages of one layout differ; from 0 on it is a vital's place in `names`. */
export const slot = { ts: -1, seq: -2, bat: -3, fw: -4, boot: -5 } as const

/**
 * How the messages of a device look: the same text each time, with other numbers (and another firmware and boot id) in it. Fleets have few:
 * devices of one model share one. Bytes that fit a layout mean what they mean to `JSON.parse`, member for member, and need no parsing.
 */
export interface ReadingLayout {
  /** The constant stretches one after the other; one more than slots. */
  readonly constants: Uint8Array
  /** Where each stretch ends in `constants`. */
  readonly ends: readonly number[]
  readonly slots: readonly number[]
  readonly names: readonly string[]
  /** By vital: values that mean "not connected". */
  readonly sentinels: readonly (readonly number[])[]
}

const quote = 0x22
const memberSlots: Readonly<Record<string, number>> = slot

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isNumberByte = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e)

/**
 * The layout of a message that the decoder has just accepted as a reading; null for one that has something a layout cannot tell (another
 * member, a text with escapes, a null). It relies on the message being valid JSON with valid names; a name given twice has no layout.
 */
export const learnLayout = (bytes: Uint8Array, start: number, end: number): ReadingLayout | null => {
  const constants: number[] = []
  const ends: number[] = []
  const slots: number[] = []
  const names: string[] = []
  let at = start

  const keep = (): number => constants.push(bytes[at++]!)
  const keepSpace = (): void => {
    while (isSpace(bytes[at])) keep()
  }
  const keepIf = (character: string): boolean => {
    keepSpace()
    if (bytes[at] !== character.charCodeAt(0)) return false
    keep()
    keepSpace()
    return true
  }
  /** Moves over a text of plain ASCII and answers it. */
  const text = (kept: boolean): string | null => {
    if (bytes[at] !== quote) return null
    let to = at + 1
    while (to < end && bytes[to] !== quote && bytes[to] !== 0x5c && bytes[to]! < 0x80) to++
    if (to >= end || bytes[to] !== quote) return null
    const found = Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, to - at - 1).toString('latin1')
    if (kept) for (const byte of bytes.subarray(at, to + 1)) constants.push(byte)
    at = to + 1
    return found
  }
  const open = (which: number): void => {
    ends.push(constants.length)
    slots.push(which)
  }
  const number = (which: number): boolean => {
    if (!isNumberByte(bytes[at])) return false
    open(which)
    while (isNumberByte(bytes[at])) at++
    return true
  }
  /** The members of an object; `member` reads the value of one. */
  const object = (member: (name: string) => boolean): boolean => {
    if (!keepIf('{')) return false
    const seen = new Set<string>()
    do {
      const name = text(true)
      if (name === null || seen.has(name) || !keepIf(':') || !member(name)) return false
      seen.add(name)
    } while (keepIf(','))
    return keepIf('}')
  }
  const vital = (name: string): boolean => number(names.push(name) - 1)
  const member = (name: string): boolean => {
    if (name === 'vitals') return object(vital)
    const which = Object.hasOwn(memberSlots, name) ? memberSlots[name]! : 0
    if (which === slot.fw || which === slot.boot) {
      open(which)
      return text(false) !== null
    }
    return which < 0 && number(which)
  }

  if (!object(member) || at !== end || names.length === 0) return null
  ends.push(constants.length)
  const sentinels = names.map((name) => vitalNamed(name)?.sentinels ?? [])
  return { constants: Uint8Array.from(constants), ends, slots, names, sentinels }
}
