import type { Clock } from '../../contracts/clock.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { StoreConnection } from '../connection.ts'
import { createDeskConnection, deskLimitsDefault } from './desk-connection.ts'

const topics = ['observations.by-device.v1', 'observations.by-source.v1'] as const

/** A sink writes the position of a partition that has nothing but clock records once a minute: until then it isn't behind, ms. */
const idleMs = 65_000
/** While the store is away nothing lands at all. */
const awayToleratedMs = 5_000

export interface StoreBehind {
  /** ms; null when history is not behind. */
  behindMs(): number | null
  /** Looks now; the timer does it every `lookMs`. Never rejects. */
  look(): Promise<void>
  close(): Promise<void>
}

/**
 * How far history is behind, for a desk without a sink beside it (which knows it to the millisecond: landing/behind.ts): where the positions in
 * ClickHouse stand beside the ends of the log, and when they were written.
 */
export const createStoreBehind = (parts: {
  readonly store: Pick<StoreConnection, 'openAnalyst'>
  readonly log: Pick<EventLog, 'ranges'>
  readonly clock: Clock
  readonly lookMs?: number
}): StoreBehind => {
  const { store, log, clock, lookMs = 5_000 } = parts
  const connection = createDeskConnection(store, { ...deskLimitsDefault, connections: 1 })
  /** When the last position of the partition that waits the longest was written, ms; null: none has anything to land. */
  let laggingSinceMs: number | null = null
  let awaySinceMs: number | null = null
  let isClosed = false
  let timer: ReturnType<typeof setTimeout> | null = null

  const look = async (): Promise<void> => {
    try {
      const rows = await connection.rows<[string, number, number, number]>(
        `SELECT log_topic, log_partition, max(next_offset), toUnixTimestamp64Milli(argMax(landed_at, (next_offset, landed_at)))
         FROM landing_positions GROUP BY log_topic, log_partition`,
      )
      const positions = new Map(rows.map(([topic, partition, next, at]) => [`${topic}/${partition}`, { next, at }]))
      let oldestMs: number | null = null
      for (const { topic, partition, earliest, next } of await log.ranges(topics)) {
        const landed = positions.get(`${topic}/${partition}`)
        if (next <= (landed?.next ?? earliest)) continue
        // Nothing of it has ever landed: it waits since it was first seen to.
        oldestMs = Math.min(oldestMs ?? Infinity, landed?.at ?? laggingSinceMs ?? clock.now())
      }
      laggingSinceMs = oldestMs
      awaySinceMs = null
    } catch {
      awaySinceMs ??= clock.now()
    }
  }
  const schedule = (): void => {
    if (isClosed) return
    timer = setTimeout(() => void look().finally(schedule), lookMs)
    timer.unref()
  }
  void look().finally(schedule)

  return {
    look,
    behindMs() {
      const now = clock.now()
      const sinceMs = laggingSinceMs ?? awaySinceMs
      if (sinceMs === null) return null
      const toleratedMs = awaySinceMs !== null && now - awaySinceMs > awayToleratedMs ? awayToleratedMs : idleMs
      return now - sinceMs > toleratedMs ? now - sinceMs : null
    },
    async close() {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      await connection.close()
    },
  }
}
