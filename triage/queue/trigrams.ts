/** Sets of three letters are told apart by this many hashes; a power of two. Each costs a bit an alert. */
const buckets = 1_024
const bucketBits = 10
const firstCapacity = 4_096

/**
 * Which texts may hold a word: for every hash of three letters a bitmap of the texts that have such three. A word's texts are in all bitmaps of
 * its three-letter pieces; what comes out is looked at letter by letter, so that a search need not read every text.
 */
export interface Trigrams {
  add(slot: number, text: string): void
  /** @param text as it was added */
  remove(slot: number, text: string): void
  /** A bit a slot; null when no word has three letters, and every text may hold them. */
  candidates(words: readonly string[]): Uint32Array | null
}

const bucketOf = (text: string, at: number): number => {
  const piece = ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) | 0
  return Math.imul(piece, 0x9e3779b1) >>> (32 - bucketBits)
}

export const createTrigrams = (): Trigrams => {
  let capacity = firstCapacity
  const maps = Array.from({ length: buckets }, () => new Uint32Array(capacity >>> 5))

  const reserve = (slot: number): void => {
    if (slot < capacity) return
    while (slot >= capacity) capacity *= 2
    for (const [i, map] of maps.entries()) {
      const larger = new Uint32Array(capacity >>> 5)
      larger.set(map)
      maps[i] = larger
    }
  }

  return {
    add(slot, text) {
      reserve(slot)
      const word = slot >>> 5
      const bit = 1 << (slot & 31)
      for (let at = 0; at + 2 < text.length; at++) maps[bucketOf(text, at)]![word]! |= bit
    },
    remove(slot, text) {
      const word = slot >>> 5
      const rest = ~(1 << (slot & 31))
      for (let at = 0; at + 2 < text.length; at++) maps[bucketOf(text, at)]![word]! &= rest
    },
    candidates(words) {
      const wanted = new Set<number>()
      for (const word of words) for (let at = 0; at + 2 < word.length; at++) wanted.add(bucketOf(word, at))
      const [first, ...others] = wanted
      if (first === undefined) return null
      const found = maps[first]!.slice()
      for (const bucket of others) {
        const map = maps[bucket]!
        for (let i = 0; i < found.length; i++) found[i]! &= map[i]!
      }
      return found
    },
  }
}
