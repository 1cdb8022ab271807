import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import type { OpenBatch } from './kafka-batch.ts'
import { openLz4Frame } from './lz4-frame.ts'
import { openSnappy } from './snappy.ts'

const openZstd = promisify(zstdDecompress)
const openGzip = promisify(gunzip)

/**
 * Opens every compression that a Kafka broker can hold a batch in. Our topics are `compression.type=producer` and our blobs come compressed and sealed, so a
 * compressed batch is another producer's, or a topic's configuration was changed and the broker compressed ours anew: both are opened, and the seal tells
 * which it is.
 *
 * @param openedBytesMax no batch of ours is larger; a forged one must not fill the memory
 */
export const createBatchOpener = (openedBytesMax: number): OpenBatch => {
  const limit = { maxOutputLength: openedBytesMax }
  const opening: Readonly<Record<number, (packed: Buffer) => Buffer | Promise<Buffer>>> = {
    1: (packed) => openGzip(packed, limit),
    2: (packed) => openSnappy(packed, openedBytesMax),
    3: (packed) => openLz4Frame(packed, openedBytesMax),
    4: (packed) => openZstd(packed, limit),
  }
  return async (compression, packed) => {
    const open = opening[compression]
    if (open === undefined) throw new RangeError(`Kafka has no compression ${compression}`)
    return open(packed)
  }
}
