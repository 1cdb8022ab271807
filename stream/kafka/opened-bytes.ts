/** What is opened, growing up to a limit: LZ4 and Snappy copy what they have written before. */
export interface OpenedBytes {
  literal(from: Uint8Array, at: number, bytes: number): void
  /** Copies `bytes` from `distance` back: they may overlap what they write. */
  match(distance: number, bytes: number): void
  bytes(): Buffer
}

export const createOutput = (bytesMax: number): OpenedBytes => {
  let opened = Buffer.allocUnsafe(Math.min(bytesMax, 65_536))
  let length = 0
  const grow = (bytes: number): void => {
    const needed = length + bytes
    if (needed > bytesMax) throw new RangeError(`a compressed batch opens to more than ${bytesMax} bytes`)
    if (needed <= opened.length) return
    const larger = Buffer.allocUnsafe(Math.min(bytesMax, Math.max(needed, opened.length * 2)))
    opened.copy(larger, 0, 0, length)
    opened = larger
  }
  return {
    literal(from, at, bytes) {
      if (bytes < 0 || at + bytes > from.length) throw new RangeError('a compressed batch is cut off')
      grow(bytes)
      opened.set(from.subarray(at, at + bytes), length)
      length += bytes
    },
    match(distance, bytes) {
      if (distance < 1 || distance > length) throw new RangeError('a compressed batch repeats what it has not given')
      grow(bytes)
      for (let i = 0; i < bytes; i++) opened[length + i] = opened[length + i - distance]!
      length += bytes
    },
    bytes: () => opened.subarray(0, length),
  }
}
