import { logKeyBytesMax, logValueBytesMax } from '../../contracts/event-log.ts'

/** A partition's records in one commit are cut into blobs of about this size. */
export const blobBytesMax = 524_288
/** A record's head in a blob, bytes. */
const recordHeadBytes = 8
/** The largest that a blob gets: one that was not full, and the largest record behind it. */
export const blobPlainBytesMax = blobBytesMax + recordHeadBytes + logKeyBytesMax + logValueBytesMax + 1
/** Blobs of one partition are sent together up to this size, which leaves Kafka's own framing room below `max.message.bytes`. */
export const batchBytesMax = 1_835_008
/** `max.message.bytes` of our topics: Kafka's default of 1 MiB is below the port's largest record. */
export const messageBytesMax = 2_097_152
