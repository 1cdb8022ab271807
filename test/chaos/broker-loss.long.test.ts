import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { lackingBalancer } from '../platform/balancer.ts'
import { runBrokerLoss } from './broker-loss.ts'
import { expectSound } from './expect-sound.ts'
import { tellReport } from './tell-report.ts'

const seed = Number(process.env['WARDWATCH_SEED'] ?? 3)
const devices = Number(process.env['WARDWATCH_DEVICES'] ?? 2_000)
const readingsPerSecond = Number(process.env['WARDWATCH_READINGS_PER_SECOND'] ?? 500)
const lacks = lackingOwnKafka() ?? lackingBalancer()
const tell = (line: string): void => void process.stdout.write(`${line}\n`)

describe.skipIf(lacks !== null)(`three brokers lose one under load${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('each in turn: PUBACKs, commands and findings go on without it, and nothing is lost or doubled', async () => {
    const load = { seed, devices, readingsPerSecond, liarEvery: 10, liesWithinMs: 240_000 }
    const { quietMs, quietMsWhenWhole, reconnects, ...report } = await runBrokerLoss(load, { tell })
    tell(`${tellReport(report)}\nms without a PUBACK at most: ${quietMsWhenWhole} when whole; ${quietMs.join(', ')} around each loss`)
    expectSound(report)
    expect(quietMs).toHaveLength(3)
    // The edges stay where devices are sent to: all would go from all of them, and come back at once.
    expect(reconnects).toEqual([0, 0, 0])
  })
})
