import { z } from 'zod'

export const sinkSettings = z.object({
  /** A row waits at most this long for company. */
  flushMs: z.int().min(10).max(60_000).default(1_000),
  /** Rows of one flush; at most two flushes are in memory. */
  batchRowsMax: z.int().min(100).max(500_000).default(50_000),
  /** Bytes of one flush, readings aside (they are counted by rows). */
  batchBytesMax: z.int().min(1_000_000).default(32_000_000),
  /** How often the minutes are computed; 0: never. */
  rollUpMs: z.int().min(0).default(60_000),
  retryMsMin: z.int().min(1).default(200),
  retryMsMax: z.int().min(1).default(15_000),
})
export type SinkSettings = z.infer<typeof sinkSettings>
