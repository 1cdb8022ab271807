import { describe, expect, it } from 'vitest'
import { outageRounds } from './outage-rounds.ts'

describe('ClickHouse away, slow and broken (a stand-in), for long', () => {
  it.each(Array.from({ length: 30 }, (_, i) => 100 + i))('seed %i', async (seed) => {
    const outcome = await outageRounds({ seed, kills: 3, sinkKills: 2, messages: 6_000 })
    expect(outcome).toMatchObject({ counted: outcome.expected, doubles: 0 })
    expect(outcome.waitingRowsMost).toBeLessThanOrEqual(outcome.waitingRowsMax)
  })
})
