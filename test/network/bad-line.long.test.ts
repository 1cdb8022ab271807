import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { runBadLineRounds } from './bad-line-rounds.ts'
import { expectUntouched } from './expect-untouched.ts'
import { lackingToxiproxy } from './toxiproxy-program.ts'

const lacks = lackingOwnKafka() ?? lackingToxiproxy()

describe.skipIf(lacks !== null)(
  `an edge far from its Kafka, on a line of every kind of trouble${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  () => {
    it('20 rounds by a seed: nothing is lost, nothing twice', async () => {
      const seed = Number(process.env['WARDWATCH_SEED'] ?? Date.now() % 1_000_000)
      const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 20)
      const tell = (line: string): void => void process.stdout.write(`${line}\n`)
      tell(`seed ${seed}`)
      // 20 readings a second and device stay under what is called a flood.
      const load = { devices: 50, everyMs: 50, farMs: 20_000 }
      const report = await runBadLineRounds({ seed, rounds, ...load, troubleMs: { least: 1_000, most: 15_000 }, tell })
      tell(JSON.stringify({ ...report, missing: report.missing.length, doubled: report.doubled.length }))
      expectUntouched(report, `seed ${seed}: ${report.rounds.join('; ')}`)
      expect(report.rounds).toHaveLength(rounds)
    })
  },
)
