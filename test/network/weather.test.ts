import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { expectUntouched } from './expect-untouched.ts'
import { runWeatherRounds } from './weather-rounds.ts'

const lacks = lackingOwnKafka()

describe.skipIf(lacks !== null)(
  `whole machines whose answers of Kafka are cut, reset and stall${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  () => {
    it('lose nothing, double nothing, and go on by themselves', { timeout: 300_000 }, async () => {
      const seed = Number(process.env['WARDWATCH_SEED'] ?? 1)
      const report = await runWeatherRounds({ seed, rounds: 1, lastsMs: 20_000, ofThousand: 20 })
      expectUntouched(report, `seed ${seed}: ${report.rounds.join('; ')}`)
      expect(report.troubled).toBeGreaterThan(0)
    })
  },
)
