import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../store/testing/temporary-store.ts'
import { hangRounds } from './hang-rounds.ts'
import { type StandIn, startStandIn } from './start-stand-in.ts'

const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 20)
const firstSeed = Number(process.env['WARDWATCH_SEED'] ?? 100)
const home = temporaryDirectory()
let standIn: StandIn
beforeAll(async () => {
  standIn = await startStandIn({ directory: home.path })
})
afterAll(async () => {
  standIn?.thaw()
  await standIn?.stop()
  home.remove()
})

describe.skipIf(process.env['CLICKHOUSE_URL'] !== undefined)('ClickHouse hangs, at length (a stand-in that is frozen)', () => {
  it.each(Array.from({ length: rounds }, (_, i) => firstSeed + i))('seed %i: nothing is lost, nothing doubled', async (seed) => {
    const outcome = await hangRounds(standIn, { seed, freezes: 4, messages: 4_000 })
    expect(outcome).toMatchObject({ counted: outcome.expected, doubles: 0 })
  })
})
