import type { LogRecord } from '../contracts/event-log.ts'
import { logKeyBytesMax, logValueBytesMax } from '../contracts/event-log.ts'

/**
 * Many records in one piece of memory: what a group commit seals and writes as one blob.
 *
 *   format u8, then per record: key hash u32 | (key length << 21 | value length) u32 | key | value      (little-endian)
 *
 * The hash is the partitioner's murmur2, which the writer has at hand: it lets a reader find the key's string without decoding it.
 */
const format = 1
const headerBytes = 8
const valueLengthBits = 21
const valueLengthMask = (1 << valueLengthBits) - 1

/** What an appended key is on the wire. */
export interface EncodedKey {
  readonly bytes: Uint8Array
  /** murmur2 of `bytes`, as an int32. */
  readonly hash: number
}

/** Why a record may not be appended: a bug of the caller, told before anything is written. */
export const recordFault = (keyBytes: number, valueBytes: number): string | null => {
  if (keyBytes > logKeyBytesMax) return `a key is at most ${logKeyBytesMax} bytes, this one has ${keyBytes}`
  if (valueBytes > logValueBytesMax) return `a value is at most ${logValueBytesMax} bytes, this one has ${valueBytes}`
  return null
}

export interface RecordBatchWriter {
  /** Copies a record whose value is `head` and then `source` from `from` up to `to`. The caller has checked `recordFault`. */
  push(key: Uint8Array, hash: number, head: Uint8Array, source: Buffer, from: number, to: number): void
  /** Records so far. */
  count(): number
  /** Encoded so far; valid until the next `push` or `clear`. */
  bytes(): Uint8Array
  length(): number
  clear(): void
}

/** Memory is kept over `clear` up to `keptBytesMax`. */
export const createRecordBatchWriter = (startBytes = 16_384, keptBytesMax = 2_097_152): RecordBatchWriter => {
  let memory = Buffer.allocUnsafeSlow(startBytes)
  let at = 1
  let records = 0
  memory[0] = format
  const grow = (needed: number): void => {
    const larger = Buffer.allocUnsafeSlow(Math.max(memory.length * 2, needed))
    larger.set(memory.subarray(0, at))
    memory = larger
  }
  return {
    push(key, hash, head, source, from, to) {
      const keyLength = key.length
      const headLength = head.length
      const valueLength = headLength + to - from
      const end = at + headerBytes + keyLength + valueLength
      if (end > memory.length) grow(end)
      const lengths = (keyLength << valueLengthBits) | valueLength
      memory[at] = hash
      memory[at + 1] = hash >> 8
      memory[at + 2] = hash >> 16
      memory[at + 3] = hash >> 24
      memory[at + 4] = lengths
      memory[at + 5] = lengths >> 8
      memory[at + 6] = lengths >> 16
      memory[at + 7] = lengths >> 24
      at += headerBytes
      // A key is short: a loop costs less than a call into the engine.
      for (let i = 0; i < keyLength; i++) memory[at++] = key[i]!
      memory.set(head, at)
      at += headLength
      // Not `set(source.subarray(..))`: on Bun the view of a fresh chunk costs more than all of the copying (150 ns against 20).
      source.copy(memory, at, from, to)
      at = end
      records++
    },
    count: () => records,
    bytes: () => memory.subarray(0, at),
    length: () => at,
    clear() {
      at = 1
      records = 0
      if (memory.length > keptBytesMax) memory = Buffer.allocUnsafeSlow(startBytes)
      memory[0] = format
    },
  }
}

/** Finds the strings of keys that come again and again (device ids) by their hash; a direct-mapped cache of fixed size. */
export interface KeyCache {
  text(hash: number, memory: Uint8Array, at: number, length: number): string
}

/** Bytes of a key that the cache holds; longer ones are decoded each time. */
const cachedKeyBytesMax = 62
/** One key's place: its length, then its bytes, side by side in one piece of memory: a lookup misses the processor's cache once, not thrice. */
const cacheSlotBytes = 64

/** `slots` is a power of two; a slot takes 64 bytes and a string. */
export const createKeyCache = (slots = 65_536): KeyCache => {
  const known = new Uint8Array(slots * cacheSlotBytes)
  const texts = new Array<string>(slots).fill('')
  const mask = slots - 1
  return {
    text(hash, memory, at, length) {
      if (length > cachedKeyBytesMax) return Buffer.from(memory.buffer, memory.byteOffset + at, length).toString('utf8')
      const slot = (hash ^ (hash >>> 14)) & mask
      const start = slot * cacheSlotBytes
      // The length stands one higher, so that a slot never used matches nothing.
      let i = known[start] === length + 1 ? 0 : length + 1
      while (i < length && known[start + 1 + i] === memory[at + i]) i++
      if (i === length) return texts[slot]!
      const text = Buffer.from(memory.buffer, memory.byteOffset + at, length).toString('utf8')
      known[start] = length + 1
      known.set(memory.subarray(at, at + length), start + 1)
      texts[slot] = text
      return text
    },
  }
}

/** Reads a batch from front to back, as far as asked. */
export interface RecordBatchReader {
  /** The offset of the record that comes next. */
  readonly nextOffset: () => number
  readonly done: () => boolean
  /** Passes over the records below `offset`. */
  skipTo(offset: number): void
  /** Appends at most `recordsMax` records to `out`; their values are views into the batch's memory. Answers how many. */
  take(recordsMax: number, out: LogRecord[]): number
}

/**
 * Throws `Error` when the lengths do not add up: the seal has held, so that is a bug of the writer.
 * @param appendedAtMs of all its records
 */
export const readRecordBatch = (memory: Buffer, firstOffset: number, keys: KeyCache, appendedAtMs?: number): RecordBatchReader => {
  if (memory[0] !== format) throw new Error(`a record batch of format ${memory[0]} is not known here (this reads format ${format})`)
  const end = memory.length
  let at = 1
  let offset = firstOffset
  const lengthsAt = (): number => memory[at + 4]! | (memory[at + 5]! << 8) | (memory[at + 6]! << 16) | (memory[at + 7]! << 24)
  const torn = (): Error => new Error(`a record batch ends inside of record ${offset}`)
  return {
    nextOffset: () => offset,
    done: () => at >= end,
    skipTo(target) {
      while (offset < target && at < end) {
        if (at + headerBytes > end) throw torn()
        const lengths = lengthsAt()
        at += headerBytes + (lengths >>> valueLengthBits) + (lengths & valueLengthMask)
        offset++
      }
    },
    take(recordsMax, out) {
      const buffer = memory.buffer
      const base = memory.byteOffset
      let taken = 0
      while (taken < recordsMax && at < end) {
        if (at + headerBytes > end) throw torn()
        const hash = memory[at]! | (memory[at + 1]! << 8) | (memory[at + 2]! << 16) | (memory[at + 3]! << 24)
        const lengths = lengthsAt()
        const keyAt = at + headerBytes
        const keyLength = lengths >>> valueLengthBits
        const valueAt = keyAt + keyLength
        const valueLength = lengths & valueLengthMask
        if (valueAt + valueLength > end) throw torn()
        out.push({
          offset,
          key: keys.text(hash, memory, keyAt, keyLength),
          value: new Uint8Array(buffer, base + valueAt, valueLength),
          appendedAtMs,
        })
        at = valueAt + valueLength
        offset++
        taken++
      }
      return taken
    },
  }
}
