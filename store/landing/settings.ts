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
  /** What landed so recently is left to the next roll-up: another sink may still be landing what it stamped before. 0: there is no other. */
  settleMs: z.int().min(0).default(0),
  /** At a start and after a rebalance, so long after nothing runs at a server it is looked again: whatever was sent before has begun by then, or is refused. */
  quietMs: z.int().min(0).default(3_500),
  /** ClickHouse has not answered for so long: it is told. What was asked goes on, as long as the connection lets it. */
  unansweredMsMax: z.int().min(1).default(5_000),
  /** How long a partition that goes to another sink is held on to while its last rows are landed; then they are dropped and read again there. */
  revokeWaitMsMax: z.int().min(0).default(5_000),
  retryMsMin: z.int().min(1).default(200),
  retryMsMax: z.int().min(1).default(15_000),
})
export type SinkSettings = z.infer<typeof sinkSettings>
