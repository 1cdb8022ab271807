import type { ClickHouseClient } from '@clickhouse/client'
import { z } from 'zod'
import { readRows } from './read-rows.ts'

const days = (by: number) => z.int().min(1).max(36_500).default(by)

/** How long rows are kept, days since they landed (`readingsByMinute`: since the minute). Cases are kept for good. */
export const retentionSettings = z.object({
  readingsDays: days(90),
  redeliveriesDays: days(90),
  sessionsDays: days(365),
  posturesDays: days(365),
  deadLettersDays: days(30),
  findingsDays: days(730),
  readingsByMinuteDays: days(730),
})
export type RetentionSettings = z.infer<typeof retentionSettings>

const tables = {
  readings: ['readingsDays', 'toDateTime(landed_at)'],
  redeliveries: ['redeliveriesDays', 'toDateTime(landed_at)'],
  sessions: ['sessionsDays', 'toDateTime(landed_at)'],
  postures: ['posturesDays', 'toDateTime(landed_at)'],
  dead_letters: ['deadLettersDays', 'toDateTime(landed_at)'],
  findings: ['findingsDays', 'toDateTime(landed_at)'],
  readings_by_minute: ['readingsByMinuteDays', 'minute'],
} as const satisfies Record<string, readonly [keyof RetentionSettings, string]>

/** Makes the tables' TTLs what the settings say; touches only those that differ. Answers the tables it changed. */
export const applyRetention = async (
  client: ClickHouseClient,
  settings: RetentionSettings,
  ddl: (statement: string) => string,
): Promise<readonly string[]> => {
  const current = new Map(
    await readRows<[string, string]>(
      client,
      `SELECT name, extract(create_table_query, 'TTL .*toIntervalDay\\\\((\\\\d+)\\\\)') FROM system.tables WHERE database = currentDatabase()`,
    ),
  )
  const changed: string[] = []
  for (const [table, [setting, column]] of Object.entries(tables)) {
    const asked = settings[setting]
    if (Number(current.get(table)) === asked) continue
    await client.command({ query: ddl(`ALTER TABLE ${table} MODIFY TTL ${column} + toIntervalDay(${asked})`) })
    changed.push(table)
  }
  return changed
}
