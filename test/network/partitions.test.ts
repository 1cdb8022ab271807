import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { expectUntouched } from './expect-untouched.ts'
import { lackingLab } from './network-lab.ts'
import { runPartitionRounds } from './partition-rounds.ts'

const lacks = lackingOwnKafka() ?? lackingLab()

describe.skipIf(lacks !== null)(`hosts of which two do not reach each other${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it(
    'edge and Kafka, for longer than a session: nothing is lost, nothing twice, and all goes on by itself',
    { timeout: 240_000 },
    async () => {
      const report = await runPartitionRounds({ pairs: [['edge', 'kafka']], partitionMs: 12_000, seed: 1 })
      expectUntouched(report, JSON.stringify(report.rounds))
      expect(report.rounds).toHaveLength(1)
    },
  )
})
