/**
 * A Kafka message is a blob of records, and Kafka's offset is the blob's; a record's offset in the port is made of both:
 * blob * 4,096 + its place in the blob. Ascending, with gaps, and a safe integer up to 2^41 blobs a partition: 69 years at a thousand
 * blobs a second.
 */
export const blobRecordsMax = 4_096

const blobsMax = 2 ** 41

/** The port's offset of a blob's first record. Throws `RangeError` beyond what a safe integer holds. */
export const firstOffsetOf = (blob: number): number => {
  if (!Number.isInteger(blob) || blob < 0 || blob >= blobsMax)
    throw new RangeError(`${blob} is not a blob's offset that a record's can be made of`)
  return blob * blobRecordsMax
}

/** Kafka's offset of the blob that a record's offset lies in. */
export const blobOf = (offset: number): number => Math.floor(offset / blobRecordsMax)
