import { readRows } from '../../store/read-rows.ts'
import type { Store } from '../../store/open.ts'

export interface LandedRows {
  readonly counted: Readonly<Record<string, number>>
  /** Rows beyond one for a log position, over all tables. */
  readonly doubles: number
}

/** By the names of `KillStory.expected`. */
const tables = {
  readings: 'readings',
  redeliveries: 'redeliveries',
  deadLetters: 'dead_letters',
  sessions: 'sessions',
  findings: 'findings',
} as const

/** What of a story stands in ClickHouse. */
export const landedRows = async (store: Store): Promise<LandedRows> => {
  const counted: Record<string, number> = {}
  let doubles = 0
  for (const [name, table] of Object.entries(tables)) {
    const [row] = await readRows<[number, number]>(
      store.query,
      `SELECT count(), uniqExact(log_topic, log_partition, log_offset) FROM ${table}`,
    )
    counted[name] = row![0]
    doubles += row![0] - row![1]
  }
  return { counted, doubles }
}
