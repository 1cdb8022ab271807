import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { SealBroken, type Sealer } from '../../contracts/secrets.ts'
import { blobPlainBytesMax } from './blob-limits.ts'

const plain = 0
const zstd = 1
/** Below it a frame's head costs more than it saves. */
const compressedBytesMin = 256

/**
 * A blob as it lies in Kafka: `form u8 | records` under AES-256-GCM. What is sealed can't be compressed, so it is compressed
 * before, where that is asked for.
 *
 * Bound to its topic and partition, not to its offset: Kafka gives the offset after the blob is sealed. So a blob that was changed or moved
 * to another partition is found, one that was repeated or dropped by who holds the disk is not (`cases.v1` has its hash chain for that).
 */
export interface BlobSeal {
  close(records: Uint8Array, compressed: boolean): Buffer
  /** Throws `SealBroken`. */
  open(blob: Uint8Array): Buffer
}

export const createBlobSeal = (sealer: Sealer, topic: string, partition: number): BlobSeal => {
  const context = `kafka ${topic}/${partition}`
  return {
    close(records, compressed) {
      const small = compressed && records.length >= compressedBytesMin
      const body = small ? zstdCompressSync(records, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }) : records
      const form = Buffer.allocUnsafe(1 + body.length)
      form[0] = small ? zstd : plain
      form.set(body, 1)
      return sealer.seal(form, context)
    },
    open(blob) {
      const opened = sealer.open(blob, context)
      if (opened[0] === plain) return opened.subarray(1)
      if (opened[0] === zstd) return zstdDecompressSync(opened.subarray(1), { maxOutputLength: blobPlainBytesMax })
      throw new SealBroken(`${context}: a blob of form ${opened[0]} is not known here`)
    },
  }
}
