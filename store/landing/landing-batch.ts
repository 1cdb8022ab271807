import type { LogTopicName } from '../../contracts/log-topics.ts'
import { createReadingBatch, type ReadingBatch } from './reading-batch.ts'
import type { Row } from './rows.ts'
import { timeText } from './stored-values.ts'

/** The tables that are landed row by row; `readings` goes by columns. */
export const rowTables = ['redeliveries', 'sessions', 'postures', 'dead_letters', 'findings', 'cases'] as const
export type RowTable = (typeof rowTables)[number]
export const landedTables = ['readings', ...rowTables] as const
export type LandedTable = (typeof landedTables)[number]

/** Where a consumer of a log partition stands. */
export interface PartitionPosition {
  readonly topic: LogTopicName
  readonly partition: number
  readonly nextOffset: number
}

export const partitionName = (topic: string, partition: number): string => `${topic}/${partition}`

interface HeldRow {
  readonly topic: LogTopicName
  readonly partition: number
  readonly offset: number
  readonly row: Row
}

/** What one flush lands: rows for every table, and up to where each log partition is then done. Reused after `clear`. */
export interface LandingBatch {
  readonly readings: ReadingBatch
  addRow(table: RowTable, topic: LogTopicName, partition: number, offset: number, row: Row, bytes: number): void
  /** Everything of the partition below `nextOffset` is in this batch or landed before. */
  reached(topic: LogTopicName, partition: number, nextOffset: number): void
  /** Stamps the time of the insert. Nothing is added any more. */
  seal(landedAtMs: number): void
  /** Another try: what lands now has landed now, however long ClickHouse was away. */
  restamp(landedAtMs: number): void
  /** The rows as they are inserted, without those that `leaveOut` named. */
  rowsOf(table: RowTable): readonly Row[]
  /** Rows (`partition/offset` by topic) that the table has already. */
  leaveOut(table: LandedTable, held: ReadonlyMap<string, ReadonlySet<number>>): void
  readonly positions: readonly PartitionPosition[]
  readonly rows: number
  /** About what the row tables hold in memory, bytes. */
  readonly bytes: number
  readonly landedAtMs: number
  /** The first try's time: the batch's name, and no row of it landed before. */
  readonly sealedAtMs: number
  clear(): void
}

export const createLandingBatch = (): LandingBatch => {
  const readings = createReadingBatch()
  const tables = new Map<RowTable, HeldRow[]>(rowTables.map((table) => [table, []]))
  const ends = new Map<string, PartitionPosition>()
  let rowCount = 0
  let bytes = 0
  let landedAtMs = 0
  let sealedAtMs = 0
  const restamp = (ms: number): void => {
    landedAtMs = ms
    readings.landedAtMs = ms
  }
  return {
    readings,
    addRow(table, topic, partition, offset, row, rowBytes) {
      tables.get(table)!.push({ topic, partition, offset, row })
      rowCount++
      bytes += rowBytes
    },
    reached(topic, partition, nextOffset) {
      ends.set(partitionName(topic, partition), { topic, partition, nextOffset })
    },
    seal(ms) {
      sealedAtMs = ms
      restamp(ms)
    },
    restamp,
    rowsOf: (table) =>
      tables.get(table)!.map(({ topic, partition, offset, row }) => ({
        ...row,
        log_topic: topic,
        log_partition: partition,
        log_offset: offset,
        landed_at: timeText(landedAtMs),
      })),
    leaveOut(table, held) {
      if (table === 'readings') {
        const names = new Set<string>()
        for (const [name, offsets] of held) for (const offset of offsets) names.add(`${name.slice(name.lastIndexOf('/') + 1)}/${offset}`)
        readings.leaveOut(names)
        return
      }
      const rows = tables.get(table)!
      tables.set(
        table,
        rows.filter(({ topic, partition, offset }) => held.get(partitionName(topic, partition))?.has(offset) !== true),
      )
    },
    get positions() {
      return [...ends.values()]
    },
    get rows() {
      return readings.length + rowCount
    },
    get bytes() {
      return bytes
    },
    get landedAtMs() {
      return landedAtMs
    },
    get sealedAtMs() {
      return sealedAtMs
    },
    clear() {
      readings.clear()
      for (const table of rowTables) tables.set(table, [])
      ends.clear()
      rowCount = 0
      bytes = 0
    },
  }
}
