import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { expectUntouched } from './expect-untouched.ts'
import { runWeatherRounds } from './weather-rounds.ts'

const lacks = lackingOwnKafka()

describe.skipIf(lacks !== null)(`rough weather between whole machines and Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('rounds by a seed: nothing is lost, nothing twice', async () => {
    const seed = Number(process.env['WARDWATCH_SEED'] ?? Date.now() % 1_000_000)
    const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 6)
    const tell = (said: string): void => void process.stdout.write(`${said}\n`)
    tell(`seed ${seed}`)
    const report = await runWeatherRounds({ seed, rounds, lastsMs: 30_000, ofThousand: 30, tell })
    tell(JSON.stringify({ ...report, missing: report.missing.length, doubled: report.doubled.length }))
    expectUntouched(report, `seed ${seed}: ${report.rounds.join('; ')}`)
    expect(report.rounds).toHaveLength(rounds)
  })
})
