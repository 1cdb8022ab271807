import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { runBadLineRounds } from './bad-line-rounds.ts'
import { expectUntouched } from './expect-untouched.ts'
import { lackingToxiproxy } from './toxiproxy-program.ts'

const lacks = lackingOwnKafka() ?? lackingToxiproxy()

describe.skipIf(lacks !== null)(`an edge far from its Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('100 ms away, and the line gets worse: nothing is lost, nothing twice', { timeout: 240_000 }, async () => {
    const seed = Number(process.env['WARDWATCH_SEED'] ?? 3)
    const load = { devices: 20, everyMs: 200, farMs: 1_000 }
    const report = await runBadLineRounds({ seed, rounds: 2, ...load, troubleMs: { least: 1_000, most: 3_000 } })
    const said = `seed ${seed}: ${report.rounds.join('; ')}`
    expectUntouched(report, said)
    expect(report.far.acknowledgedPerSecond, said).toBeGreaterThan(0)
  })
})
