import { describe, expect, it } from 'vitest'
import type { Pipeline } from '../../contracts/api/pipeline.ts'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { signInAsAdmin } from '../platform/desk-client.ts'
import { until } from '../platform/until.ts'
import { expectSound } from './expect-sound.ts'
import { startLoadedPlatform } from './loaded-platform.ts'

const seed = Number(process.env['WARDWATCH_SEED'] ?? 21)
const lacks = lackingOwnKafka()
const machines = {
  desk: { roles: ['desk'] },
  'sink-a': { roles: ['sink'] },
  'sink-b': { roles: ['sink'] },
  'detect-a': { roles: ['detect'] },
  'edge-a': { roles: ['edge'] },
} as const

// Partitions go to and fro between the sinks while what they had sent hangs, and while what they had not is dropped.
describe.skipIf(lacks !== null)(
  `ClickHouse hangs (a stand-in that is frozen) under two sinks on Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  () => {
    it('it is said, nobody who leaves is held, and afterwards everything is there once', { timeout: 400_000 }, async () => {
      const { platform, command, verdict, stop } = await startLoadedPlatform(
        { seed, devices: 100, readingsPerSecond: 200, liarEvery: 20, liesWithinMs: 20_000 },
        // A role that had to be killed is a warning.
        { machines, clickhouse: true, settings: { 'log-level': 'warn' } },
      )
      const clickhouse = platform.clickhouse!
      const rounds: string[] = []
      try {
        const { get } = await signInAsAdmin(platform.machine('desk'))
        const history = async () => (await get<Pipeline>('/pipeline')).stages.find(({ id }) => id === 'landing')!
        const untilItLands = (): Promise<void> => until('it lands', async () => (await history()).state === 'running')
        const freeze = async (): Promise<void> => {
          clickhouse.freeze()
          await until('it is said', async () => (await history()).problem?.startsWith('ClickHouse takes nothing: no answer for ') === true)
        }
        const leave = async (name: string): Promise<void> => {
          rounds.push(`${name} leaves`)
          const left = platform.machine(name)
          await platform.leave(name)
          expect(left.output(), name).not.toContain('did not end in time')
        }
        await untilItLands()
        await command('before')

        await freeze()
        await leave('sink-a')
        // The other one has all partitions by now, and drops what it can't land.
        clickhouse.thaw()
        await platform.start('sink-a')
        await untilItLands()

        await freeze()
        await leave('sink-a')
        await platform.start('sink-a')
        await leave('sink-b')
        await platform.start('sink-b')
        clickhouse.thaw()
        await untilItLands()

        await freeze()
        await command('meanwhile')
        await leave('desk')
        await platform.start('desk')
        clickhouse.thaw()
        expectSound(await verdict(rounds))
      } finally {
        clickhouse.thaw()
        await stop()
      }
    })
  },
)
