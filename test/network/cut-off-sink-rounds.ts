import { systemScheduler } from '../../simulators/scheduler.ts'
import { until } from '../platform/until.ts'
import { startNetworkLab } from './network-lab.ts'
import { type Account, startWatchedPlatform } from './watched-platform.ts'

const sinks = ['sink-a', 'sink-b'] as const

/**
 * Two sinks, each a host of its own. One is cut off from all others for longer than its session, in the middle of what it lands: the other one lands that, and what the
 * first had sent lies in the network until it is healed, and comes then.
 */
export const runCutOffSinkRounds = async (options: {
  readonly rounds: number
  readonly cutMs: number
  readonly seed: number
  readonly tell?: (line: string) => void
}): Promise<Account> => {
  const { rounds, cutMs, seed, tell } = options
  const hosts = ['fleet', 'kafka', 'clickhouse', 'edge', 'detect', 'desk', ...sinks]
  const lab = startNetworkLab(hosts)
  try {
    const watched = await startWatchedPlatform({
      seed,
      devices: 40,
      everyMs: 100,
      place: (part) => lab.place(part),
      platform: {
        clickhouse: true,
        machines: {
          edge: { roles: ['edge'] },
          detect: { roles: ['detect'] },
          desk: { roles: ['desk'] },
          'sink-a': { roles: ['sink'] },
          'sink-b': { roles: ['sink'] },
        },
      },
    })
    try {
      await watched.recovery()
      for (let round = 0; round < rounds; round++) {
        const lonely = sinks[round % sinks.length]!
        for (const other of ['kafka', 'clickhouse']) lab.partition(lonely, other)
        await systemScheduler.sleep(cutMs)
        for (const other of ['kafka', 'clickhouse']) lab.heal(lonely, other)
        const recoveryMs = await watched.recovery()
        await until(`${lonely} has an answer to all that it asked`, async () => {
          const roles = await watched.platform.machine(lonely).roles()
          return roles.every(({ stats }) => stats !== null && (stats['problem'] ?? null) === null)
        })
        tell?.(`${lonely} cut off for ${cutMs / 1_000} s: all as before ${(recoveryMs / 1_000).toFixed(1)} s after`)
      }
      // TCP tries again after up to as long as it was cut.
      await systemScheduler.sleep(cutMs)
      return await watched.account()
    } finally {
      await watched.stop()
    }
  } finally {
    lab.close()
  }
}
