import { describe, expect, it } from 'vitest'
import { outageRounds } from './outage-rounds.ts'

// Nobody kills a server that somebody else runs.
describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('ClickHouse away, slow and broken (a stand-in)', () => {
  it.each([2])('seed %i: every row lands once over kill -9, cut connections, lost and late answers, and 5xx', async (seed) => {
    const outcome = await outageRounds({ seed, kills: 2, sinkKills: 1, messages: 4_000 })
    expect(outcome).toMatchObject({ counted: outcome.expected, doubles: 0 })
    expect(outcome.failedInserts).toBeGreaterThan(0)
    expect(outcome.waitingRowsMost).toBeLessThanOrEqual(outcome.waitingRowsMax)
  })
})
