import type { LogParcel } from '../contracts/log-parcel.ts'
import { murmur2 } from '../contracts/partitioner.ts'
import { createRecordBatchWriter, recordFault, type RecordBatchWriter } from './record-batch.ts'
import type { CommitBlob } from './group-commit.ts'

/** Throws `RangeError` for what may not be appended: a bug of the caller, told before anything is written. */
export const checkRecord = (partitions: number, partition: number, keyBytes: number, valueBytes: number): void => {
  const fault = recordFault(keyBytes, valueBytes)
  if (fault !== null) throw new RangeError(fault)
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new RangeError(`there is no partition ${partition}, only ${partitions}`)
}

/** A parcel whose records lie in the blobs of a commit from the first: nothing is copied again until they are sealed. */
export const createTopicParcel = (options: {
  readonly partitions: number
  /** As in a commit: what a reader has to hold at once. */
  readonly blobBytesMax: number
  readonly blobRecordsMax?: number
  readonly append: (blobs: readonly CommitBlob[], records: number, bytes: number) => Promise<void>
}): LogParcel => {
  const { partitions, blobBytesMax, blobRecordsMax = Infinity } = options
  let blobs: CommitBlob[] = []
  let bytes = 0
  let records = 0
  /** The blob that a partition's next record goes to. */
  const open = new Array<RecordBatchWriter | undefined>(partitions).fill(undefined)
  let spares: RecordBatchWriter[] = []

  const openBlob = (partition: number): RecordBatchWriter => {
    const writer = spares.pop() ?? createRecordBatchWriter()
    open[partition] = writer
    blobs.push({ partition, records: writer })
    return writer
  }

  return {
    get records() {
      return records
    },
    add(partition, key, head, source, from, to) {
      checkRecord(partitions, partition, key.length, head.length + to - from)
      const writer = open[partition] ?? openBlob(partition)
      const before = writer.length()
      writer.push(key, murmur2(key) | 0, head, source, from, to)
      const after = writer.length()
      bytes += after - before
      records++
      if (after >= blobBytesMax || writer.count() >= blobRecordsMax) open[partition] = undefined
    },
    append: () => options.append(blobs, records, bytes),
    clear() {
      // After a burst of many blobs only as many are kept as a common flush needs.
      for (const writer of blobs) writer.records.clear()
      spares = [...blobs.map((blob) => blob.records), ...spares].slice(0, partitions)
      open.fill(undefined)
      blobs = []
      bytes = records = 0
    },
  }
}
