/** `murmur2` of contracts/partitioner.ts over a stretch of bytes, without a view of its own. A property test holds the two together. */
export const murmur2Of = (bytes: Uint8Array, start: number, end: number): number => {
  const m = 0x5bd1e995
  const length = end - start
  const wholeEnd = start + (length & ~3)
  let h = 0x9747b28c ^ length
  for (let at = start; at < wholeEnd; at += 4) {
    let k = Math.imul(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24), m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  const rest = length & 3
  if (rest === 3) h ^= bytes[wholeEnd + 2]! << 16
  if (rest >= 2) h ^= bytes[wholeEnd + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ bytes[wholeEnd]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}
