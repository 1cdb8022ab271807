import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { lackingBalancer } from '../platform/balancer.ts'
import { runChaosRounds } from './chaos-rounds.ts'
import { expectSound } from './expect-sound.ts'

const seed = Number(process.env['WARDWATCH_SEED'] ?? 5)
const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 30)
const devices = Number(process.env['WARDWATCH_DEVICES'] ?? 2_000)
/** What two cores carry that Kafka, ClickHouse's engine, seven machines and the devices' own TLS share. */
const readingsPerSecond = Number(process.env['WARDWATCH_READINGS_PER_SECOND'] ?? 500)
const lacks = lackingOwnKafka() ?? lackingBalancer()

describe.skipIf(lacks !== null)(`thirty rounds at 2,000 devices${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('every acknowledged reading lands once, findings are those of an undisturbed run, the chain is whole', async () => {
    const report = await runChaosRounds({
      seed,
      rounds,
      devices,
      readingsPerSecond,
      liarEvery: 10,
      awayMsMax: 5_000,
      tell: (line) => process.stdout.write(`${line}\n`),
    })
    const { missing, doubled, strange, findings, ...rest } = report
    const { contradictions, onlyInLog, onlyBacktested, landedOtherwise, ...counts } = findings
    const lists = { missing, doubled, strange, contradictions, onlyInLog, onlyBacktested, landedOtherwise }
    process.stdout.write(
      `${JSON.stringify({ ...rest, findings: counts, ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length])) })}\n`,
    )
    expectSound(report)
    expect(report.acknowledged).toBeGreaterThan(devices)
  })
})
