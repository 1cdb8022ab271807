import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { lackingBalancer } from '../platform/balancer.ts'
import { expectSound } from './expect-sound.ts'
import { runKafkaAway } from './kafka-away.ts'
import { tellReport } from './tell-report.ts'

const seed = Number(process.env['WARDWATCH_SEED'] ?? 3)
const devices = Number(process.env['WARDWATCH_DEVICES'] ?? 2_000)
const readingsPerSecond = Number(process.env['WARDWATCH_READINGS_PER_SECOND'] ?? 500)
const awayMs = Number(process.env['WARDWATCH_AWAY_SECONDS'] ?? 120) * 1_000
/** What may wait for Kafka in an edge (`limits.inFlightBytesMax`, and as much again in the log's queues), and what a runtime takes for it. */
const growthMegabytesMax = 192
const lacks = lackingOwnKafka() ?? lackingBalancer()
const tell = (line: string): void => void process.stdout.write(`${line}\n`)

describe.skipIf(lacks !== null)(`Kafka is away for two minutes${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('PUBACKs stop, devices keep their data, memory stays bounded, the edges say why, and everything drains', async () => {
    const load = { seed, devices, readingsPerSecond, liarEvery: 10, liesWithinMs: 60_000 }
    const report = await runKafkaAway(load, awayMs, tell)
    const { acknowledgedMeanwhile, waitedInDevices, memory, readyz, brokerAwayMs, logged, deskSaid, drainMs, ...sound } = report
    tell(tellReport(sound))
    tell(JSON.stringify({ acknowledgedMeanwhile, waitedInDevices, memory, readyz, brokerAwayMs, logged, deskSaid, drainMs }))
    expect(acknowledgedMeanwhile).toBe(0)
    expect(waitedInDevices).toBeGreaterThan((readingsPerSecond * awayMs) / 1_000 / 2)
    for (const [name, { before, most }] of Object.entries(memory)) expect(most - before, name).toBeLessThan(growthMegabytesMax)
    for (const edge of ['edge-a', 'edge-b']) {
      expect(readyz[edge]).toContain('Kafka has taken nothing for')
      expect(brokerAwayMs[edge]).toBeGreaterThan(awayMs / 2)
      expect(logged[edge]).toContain('Kafka takes nothing')
    }
    expect(deskSaid).toMatch(/Kafka has taken nothing of commands\.v1 for \d+ s/)
    expectSound(sound)
  })
})
