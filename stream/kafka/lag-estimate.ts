import { blobOf, firstOffsetOf } from './blob-offset.ts'

/** How many records lie behind a batch: Kafka counts blobs, so it is the blobs behind times the records that a blob had of late. */
export interface LagEstimate {
  /** @param records of the batch, which ended at `nextOffset` while the partition ended at `endOffset` */
  behind(records: number, nextOffset: number, endOffset: number): number
}

/** The weight of the newest batch in the mean. */
const newestShare = 0.2

export const createLagEstimate = (): LagEstimate => {
  let recordsPerBlob = 1
  let lastBlob = -1
  return {
    behind(records, nextOffset, endOffset) {
      if (endOffset <= nextOffset) {
        lastBlob = blobOf(nextOffset)
        return 0
      }
      const blob = blobOf(nextOffset)
      // Where it ends inside of a blob, that one counts as well: its rest is behind.
      const passed = Math.max(1, blob - Math.max(lastBlob, 0) + (nextOffset > firstOffsetOf(blob) ? 1 : 0))
      recordsPerBlob = lastBlob < 0 ? records / passed : recordsPerBlob + newestShare * (records / passed - recordsPerBlob)
      lastBlob = blob
      return Math.max(1, Math.round((blobOf(endOffset) - blob) * Math.max(1, recordsPerBlob)))
    },
  }
}
