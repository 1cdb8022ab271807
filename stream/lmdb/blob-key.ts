/** The head of a topic: sorts behind all blobs. */
export const headKey = Buffer.from([0xff])

const keyBytes = 8
const lowBits = 2 ** 48

/** Partition u8, then the offset of the blob's first record, 56 bit big-endian: sorts by partition and offset. */
export const writeBlobKey = (key: Buffer, partition: number, offset: number): Buffer => {
  key[0] = partition
  key[1] = Math.floor(offset / lowBits)
  key.writeUIntBE(offset % lowBits, 2, 6)
  return key
}

export const blobKey = (partition: number, offset: number): Buffer => writeBlobKey(Buffer.allocUnsafe(keyBytes), partition, offset)

/** The key behind the last one of a partition. */
export const partitionEndKey = (partition: number): Buffer => Buffer.from([partition + 1])

export const offsetOfKey = (key: Buffer): number => key[1]! * lowBits + key.readUIntBE(2, 6)
