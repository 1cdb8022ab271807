import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { lackingBalancer } from '../platform/balancer.ts'
import { runBrokerLoss } from './broker-loss.ts'
import { expectSound } from './expect-sound.ts'

// One broker here; all three, one after the other, at 2,000 devices by `npm run test:long -- test/chaos/broker-loss.long.test.ts`.
const seed = Number(process.env['WARDWATCH_SEED'] ?? 3)
const lacks = lackingOwnKafka() ?? lackingBalancer()

describe.skipIf(lacks !== null)(`three brokers lose one under load${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('PUBACKs, commands and findings go on without it, and nothing is lost or doubled', { timeout: 600_000 }, async () => {
    const load = { seed, devices: 120, readingsPerSecond: 60, liarEvery: 4, liesWithinMs: 90_000 }
    const { quietMs, quietMsWhenWhole: _, reconnects: __, ...report } = await runBrokerLoss(load, { lost: 1 })
    expectSound(report)
    expect(quietMs).toHaveLength(1)
    expect(report.acknowledged).toBeGreaterThan(500)
  })
})
