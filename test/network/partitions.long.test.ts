import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { expectUntouched } from './expect-untouched.ts'
import { lackingLab } from './network-lab.ts'
import { runPartitionRounds, talkingPairs } from './partition-rounds.ts'

const lacks = lackingOwnKafka() ?? lackingLab()
const only = process.env['WARDWATCH_PAIR']
const pairs = talkingPairs.filter((pair) => only === undefined || only.split(',').includes(pair.join('-')))

describe.skipIf(lacks !== null)(
  `every two parts that talk, cut from each other for 30 s${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  () => {
    it('one pair after the other: nothing is lost, nothing twice, and all goes on by itself', async () => {
      const report = await runPartitionRounds({ pairs, partitionMs: 30_000, seed: 1, tell: (line) => process.stdout.write(`${line}\n`) })
      process.stdout.write(`${JSON.stringify({ ...report, missing: report.missing.length, doubled: report.doubled.length })}\n`)
      expectUntouched(report, JSON.stringify(report.rounds))
      expect(report.rounds).toHaveLength(pairs.length)
    })
  },
)
