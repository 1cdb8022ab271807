import type { ClickHouseClient } from '@clickhouse/client'
import { logTopics, type LogTopicName } from '../../contracts/log-topics.ts'
import type { StoreConnection } from '../connection.ts'
import { readRows } from '../read-rows.ts'
import { type LandedTable, landedTables, partitionName, type PartitionPosition } from './landing-batch.ts'

/** What each table already holds of a log partition, beyond its position: offsets by `topic/partition`. At most a batch's worth. */
export type HeldOffsets = ReadonlyMap<string, Set<number>>

/** A position as it stands in ClickHouse. */
interface LandedPosition {
  readonly nextOffset: number
  readonly landedAtMs: number
}

export interface LandedState {
  /** By `topic/partition`. */
  readonly positions: ReadonlyMap<string, number>
  readonly held: ReadonlyMap<LandedTable, HeldOffsets>
  /** The newest `landed_at` of any row or position, ms; 0 for an empty store. */
  readonly landedAtMs: number
}

/** The topics that can have rows in a table. */
const topicsOf: Record<LandedTable, readonly LogTopicName[]> = {
  readings: ['observations.by-device.v1'],
  redeliveries: ['observations.by-device.v1'],
  postures: ['observations.by-device.v1'],
  sessions: ['observations.by-source.v1'],
  dead_letters: ['observations.by-device.v1', 'observations.by-source.v1', 'findings.v1', 'cases.v1', 'dead-letters.v1'],
  findings: ['findings.v1'],
  cases: ['cases.v1'],
}

/**
 * The offsets beyond each partition's position that a table has rows of. `landed_at` grows from batch to batch, so they landed at or after their own
 * partition's position: not after the newest of all positions, for a start that was killed early wrote some partitions' and not others'.
 * That holds because a sink writes no position among such rows: only one behind them all.
 */
export const heldOffsets = async (
  client: ClickHouseClient,
  table: LandedTable,
  positionOf: (topic: LogTopicName, partition: number) => LandedPosition,
): Promise<HeldOffsets> => {
  let oldestMs = Infinity
  const beyond = topicsOf[table].flatMap((topic) =>
    Array.from({ length: logTopics[topic].partitions }, (_, partition) => {
      const { nextOffset, landedAtMs } = positionOf(topic, partition)
      oldestMs = Math.min(oldestMs, landedAtMs)
      return `(log_topic = '${topic}' AND log_partition = ${partition} AND log_offset >= ${nextOffset} AND landed_at >= ${moment(landedAtMs)})`
    }),
  )
  const rows = await readRows<[string, number, number]>(
    client,
    `SELECT log_topic, log_partition, log_offset FROM ${table} WHERE landed_at >= ${moment(oldestMs)} AND (${beyond.join(' OR ')})
     SETTINGS output_format_json_quote_64bit_integers = 0`,
  )
  const held = new Map<string, Set<number>>()
  for (const [topic, partition, offset] of rows) {
    const name = partitionName(topic, partition)
    let offsets = held.get(name)
    if (offsets === undefined) held.set(name, (offsets = new Set()))
    offsets.add(offset)
  }
  return held
}

const moment = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}))`
const nothingLanded: LandedPosition = { nextOffset: 0, landedAtMs: 0 }

const readLanded = async (client: ClickHouseClient, ending?: AbortSignal): Promise<ReadonlyMap<string, LandedPosition>> => {
  const rows = await readRows<[string, number, number, number]>(
    client,
    `SELECT log_topic, log_partition, max(next_offset), toUnixTimestamp64Milli(argMax(landed_at, next_offset)) FROM landing_positions
     GROUP BY log_topic, log_partition SETTINGS output_format_json_quote_64bit_integers = 0`,
    {},
    ending,
  )
  return new Map(rows.map(([topic, partition, nextOffset, landedAtMs]) => [partitionName(topic, partition), { nextOffset, landedAtMs }]))
}

/** The next offset to land, by `topic/partition`. Rejects when `ending` is given up before the answer. */
export const readPositions = async (client: ClickHouseClient, ending?: AbortSignal): Promise<ReadonlyMap<string, number>> =>
  new Map([...(await readLanded(client, ending))].map(([partition, { nextOffset }]) => [partition, nextOffset]))

/** Where to resume, from what ClickHouse holds. */
export const readLandedState = async (client: ClickHouseClient): Promise<LandedState> => {
  const landed = await readLanded(client)
  const held = new Map<LandedTable, HeldOffsets>()
  let landedAtMs = Math.max(0, ...[...landed.values()].map((one) => one.landedAtMs))
  for (const table of landedTables) {
    held.set(table, await heldOffsets(client, table, (topic, partition) => landed.get(partitionName(topic, partition)) ?? nothingLanded))
    const [newest] = await readRows<[number]>(
      client,
      `SELECT toUnixTimestamp64Milli(max(landed_at)) FROM ${table} SETTINGS output_format_json_quote_64bit_integers = 0`,
    )
    landedAtMs = Math.max(landedAtMs, newest?.[0] ?? 0)
  }
  const positions = new Map([...landed].map(([name, { nextOffset }]) => [name, nextOffset]))
  return { positions, held, landedAtMs }
}

/** One insert, one part: all positions or none. What came late would be younger than rows that another landed behind it: it is refused as they are. */
export const writePositions = async (
  store: Pick<StoreConnection, 'insertRows'>,
  positions: readonly PartitionPosition[],
  landedAt: string,
  insert: { readonly token: string; readonly beginBy: number | null },
): Promise<void> => {
  if (positions.length === 0) return
  await store.insertRows({
    table: 'landing_positions',
    rows: positions.map(({ topic, partition, nextOffset }) => ({
      log_topic: topic,
      log_partition: partition,
      next_offset: nextOffset,
      landed_at: landedAt,
    })),
    ...insert,
  })
}
