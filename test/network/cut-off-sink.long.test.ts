import { describe, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { runCutOffSinkRounds } from './cut-off-sink-rounds.ts'
import { expectUntouched } from './expect-untouched.ts'
import { lackingLab } from './network-lab.ts'

const lacks = lackingOwnKafka() ?? lackingLab()

describe.skipIf(lacks !== null)(`a sink whose host is cut off from all others${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it(
    'for longer than its session: another lands what it had, and what it had sent lands no second time',
    { timeout: 300_000 },
    async () => {
      const seed = Number(process.env['WARDWATCH_SEED'] ?? 1)
      const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 4)
      const report = await runCutOffSinkRounds({ rounds, cutMs: 20_000, seed, tell: (line) => void process.stdout.write(`${line}\n`) })
      expectUntouched(report, `seed ${seed}`)
    },
  )
})
