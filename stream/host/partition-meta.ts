import { z } from 'zod'
import type { RecordTime } from './record-time.ts'

/** What a partition's checkpoint holds beside its keys. */
export interface PartitionMeta {
  /** Where to go on. */
  readonly nextOffset: number
  /** The last offset that the keys contain. */
  readonly applied: number
  readonly time: RecordTime
}

const schema = z.object({
  v: z.literal(1),
  nextOffset: z.int(),
  applied: z.int(),
  time: z.object({ watermarkMs: z.number(), lastClockMs: z.number(), outageEndedAtMs: z.number() }),
})

export const encodePartitionMeta = (meta: PartitionMeta): Uint8Array => Buffer.from(JSON.stringify({ v: 1, ...meta }))

/** Null when it is not one: the partition then starts anew. */
export const decodePartitionMeta = (value: Uint8Array): PartitionMeta | null => {
  try {
    const { nextOffset, applied, time } = schema.parse(JSON.parse(Buffer.from(value).toString('utf8')))
    return { nextOffset, applied, time }
  } catch {
    return null
  }
}
