import { createOutput, type OpenedBytes } from './opened-bytes.ts'

/**
 * Opens Snappy, bare or in the pieces of Java's SnappyOutputStream, which Kafka writes. For batches that a broker compressed: node:zlib has no Snappy, and
 * the pure library (snappyjs 0.7) runs for minutes on a crafted literal's length.
 * Source: format_description.txt of google/snappy. Throws `RangeError` for what is none, is cut off, or opens to more than `bytesMax`.
 */
export const openSnappy = (compressed: Uint8Array, bytesMax: number): Buffer => {
  const input = Buffer.from(compressed.buffer, compressed.byteOffset, compressed.byteLength)
  const output = createOutput(bytesMax)
  if (!input.subarray(0, piecesMagic.length).equals(piecesMagic)) {
    openPiece(input, output)
    return output.bytes()
  }
  for (let at = piecesHeadBytes; at < input.length;) {
    if (at + 4 > input.length) throw new RangeError('a Snappy stream is cut off')
    const bytes = input.readUInt32BE(at)
    at += 4
    if (at + bytes > input.length) throw new RangeError('a Snappy stream is cut off in a piece')
    openPiece(input.subarray(at, at + bytes), output)
    at += bytes
  }
  return output.bytes()
}

const piecesMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** The magic, a version and the oldest version that can read it. */
const piecesHeadBytes = 16

const openPiece = (piece: Buffer, output: OpenedBytes): void => {
  // The length in front is not needed: the output has its limit.
  let at = 0
  while (at < piece.length && piece[at]! >= 0x80) at++
  at++
  const number = (bytes: number): number => {
    if (at + bytes > piece.length) throw new RangeError('a Snappy piece is cut off')
    const value = piece.readUIntLE(at, bytes)
    at += bytes
    return value
  }
  while (at < piece.length) {
    const tag = piece[at++]!
    const kind = tag & 3
    const upper = tag >> 2
    if (kind === 0) {
      const bytes = (upper < 60 ? upper : number(upper - 59)) + 1
      output.literal(piece, at, bytes)
      at += bytes
    } else if (kind === 1) {
      const distance = ((tag >> 5) << 8) | number(1)
      output.match(distance, (upper & 7) + 4)
    } else output.match(number(kind === 2 ? 2 : 4), upper + 1)
  }
}
