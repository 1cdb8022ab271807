import { expect, it } from 'vitest'
import type { EnvelopeDecoder } from '../../contracts/decode.ts'
import { encodeObservation } from '../../contracts/envelope.ts'
import type { Observation } from '../../contracts/observation.ts'
import { type BacktestBatch, runBacktest } from './backtest.ts'
import { findingLine } from './finding-line.ts'
import { cohortForTests, detectorsForTests, presenceForTests } from './stages-for-tests.ts'

const decoder: EnvelopeDecoder = {
  version: 1,
  decode: (value) => ({ outcome: 'ok', observation: JSON.parse(Buffer.from(value.subarray(8)).toString()) as Observation }),
}
const records = Array.from({ length: 200 }, (_, n) => ({
  offset: n,
  key: `device-${n % 5}`,
  value: encodeObservation({
    kind: 'reading',
    device: `device-${n % 5}`,
    site: 'north',
    receivedAt: 1_795_000_000_000 + n * 700,
    bytes: n,
    seq: n,
  } as unknown as Observation),
}))

const run = async (sizes: number): Promise<string[]> => {
  const batches: BacktestBatch[] = []
  for (let at = 0; at < records.length; at += sizes) {
    batches.push({ topic: 'observations.by-device.v1', partition: 0, records: records.slice(at, at + sizes) })
  }
  batches.push({ topic: 'dead-letters.v1', partition: 0, records })
  const lines: string[] = []
  const stages = { detectors: [...detectorsForTests, cohortForTests], derivations: [presenceForTests] }
  const until = 1_795_000_000_000 + 200 * 700 + 60_000
  for await (const finding of runBacktest({ batches, ...stages, decoder, timeline: 'simulated', untilMs: until }))
    lines.push(findingLine(finding))
  return lines
}

it('a simulated timeline is the same in any batches: clock records, derived observations and all', async () => {
  const lines = await run(1)
  expect(await run(7)).toEqual(lines)
  expect(await run(1_000)).toEqual(lines)
  const detectors = new Set(lines.map((line) => (JSON.parse(line) as { detector: string }).detector))
  // Timers fired though nobody gave a clock record, and the cohort was fed though nobody gave a presence.
  expect([...detectors].sort()).toEqual(['cohort', 'counts', 'grows', 'hasty', 'silent', 'throws'])
})
