import { describe, expect, it } from 'vitest'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { lackingBalancer } from '../platform/balancer.ts'
import { runChaosRounds } from './chaos-rounds.ts'
import { expectSound } from './expect-sound.ts'
import { tellReport } from './tell-report.ts'

const seed = Number(process.env['WARDWATCH_SEED'] ?? 5)
const rounds = Number(process.env['WARDWATCH_ROUNDS'] ?? 30)
const devices = Number(process.env['WARDWATCH_DEVICES'] ?? 2_000)
/** What two cores carry that Kafka, ClickHouse's engine, seven machines and the devices' own TLS share. */
const readingsPerSecond = Number(process.env['WARDWATCH_READINGS_PER_SECOND'] ?? 1_000)
/** For who has the machine for so long only: fewer rounds, and their verdict. */
const minutesMax = Number(process.env['WARDWATCH_MINUTES'] ?? Infinity)
const lacks = lackingOwnKafka() ?? lackingBalancer()
const tell = (line: string): void => void process.stdout.write(`${line}\n`)

describe.skipIf(lacks !== null)(`thirty rounds at 2,000 devices${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  it('every acknowledged reading lands once, findings are those of an undisturbed run, the chain is whole', async () => {
    const report = await runChaosRounds({
      load: { seed, devices, readingsPerSecond, liarEvery: 10, liesWithinMs: 90_000 },
      machines: {
        desk: { roles: ['desk'] },
        sink: { roles: ['sink'] },
        'detect-a': { roles: ['detect'] },
        'detect-b': { roles: ['detect'] },
        'detect-c': { roles: ['detect'], later: true },
        'edge-a': { roles: ['edge'] },
        'edge-b': { roles: ['edge'] },
      },
      rounds,
      awayMsMax: 5_000,
      roundsMsMax: minutesMax * 60_000,
      tell,
    })
    tell(tellReport(report))
    expectSound(report)
    expect(report.acknowledged).toBeGreaterThan(devices * 10)
  })
})
