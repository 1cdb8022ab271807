import { createOutput, type OpenedBytes } from './opened-bytes.ts'

/**
 * Opens LZ4 frames, for batches that a broker compressed: node:zlib has no LZ4, and the pure libraries bound neither their time nor their memory on
 * hostile input. Checksums are not looked at: what a batch holds is under a seal of our own.
 * Source: lz4_Frame_format.md 1.6.x and lz4_Block_format.md of lz4/lz4. Throws `RangeError` for what is none, is cut off, or opens to more than `bytesMax`.
 */
export const openLz4Frame = (frame: Uint8Array, bytesMax: number): Buffer => {
  const input = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  if (input.length < 7 || input.readUInt32LE(0) !== frameMagic) throw new RangeError('this is no LZ4 frame')
  const flags = input[4]!
  if (flags >> 6 !== 1) throw new RangeError(`an LZ4 frame of version ${flags >> 6} is not known here`)
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4
  // Flags, block size, content size where it is told, dictionary's id where there is one, the head's checksum.
  let at = 6 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4) + 1
  const output = createOutput(bytesMax)
  for (;;) {
    if (at + 4 > input.length) throw new RangeError('an LZ4 frame is cut off')
    const size = input.readUInt32LE(at)
    at += 4
    if (size === 0) return output.bytes()
    const bytes = size & 0x7fff_ffff
    if (at + bytes > input.length) throw new RangeError('an LZ4 frame is cut off in a block')
    const block = input.subarray(at, at + bytes)
    if (size > 0x7fff_ffff) output.literal(block, 0, bytes)
    else openBlock(block, output)
    at += bytes + blockChecksum
  }
}

const frameMagic = 0x184d_2204
const matchBytesMin = 4

const openBlock = (block: Buffer, output: OpenedBytes): void => {
  let at = 0
  const longer = (short: number): number => {
    if (short < 15) return short
    let length = short
    for (;;) {
      const more = block[at++]
      if (more === undefined) throw new RangeError('an LZ4 block is cut off')
      length += more
      if (more < 255) return length
    }
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = longer(token >> 4)
    output.literal(block, at, literals)
    at += literals
    // The last sequence is literals only.
    if (at === block.length) return
    if (at + 2 > block.length) throw new RangeError('an LZ4 block is cut off')
    const distance = block.readUInt16LE(at)
    at += 2
    output.match(distance, longer(token & 15) + matchBytesMin)
  }
}
