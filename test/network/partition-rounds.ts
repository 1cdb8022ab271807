import { systemScheduler } from '../../simulators/scheduler.ts'
import { startNetworkLab } from './network-lab.ts'
import { type Account, startWatchedPlatform } from './watched-platform.ts'

export type Pair = readonly [string, string]

/** Every two parts that talk to each other. */
export const talkingPairs: readonly Pair[] = [
  ['fleet', 'edge'],
  ['edge', 'kafka'],
  ['detect', 'kafka'],
  ['sink', 'kafka'],
  ['desk', 'kafka'],
  ['sink', 'clickhouse'],
  ['desk', 'clickhouse'],
]

export interface PartitionReport extends Account {
  readonly rounds: readonly { readonly pair: Pair; readonly recoveryMs: number }[]
}

const roles = { edge: ['edge'], detect: ['detect'], sink: ['sink'], desk: ['desk'] } as const

/** Every part is a host of its own. For each pair: nothing passes between the two for a while, a device lies meanwhile, and nobody helps afterwards. */
export const runPartitionRounds = async (options: {
  readonly pairs: readonly Pair[]
  readonly partitionMs: number
  readonly seed: number
  readonly tell?: (line: string) => void
}): Promise<PartitionReport> => {
  const { pairs, partitionMs, seed, tell } = options
  const lab = startNetworkLab(['fleet', 'kafka', 'clickhouse', ...Object.keys(roles)])
  try {
    const watched = await startWatchedPlatform({
      seed,
      devices: 40,
      everyMs: 200,
      place: (part) => lab.place(part),
      platform: {
        clickhouse: true,
        machines: Object.fromEntries(Object.entries(roles).map(([name, own]) => [name, { roles: own }])),
      },
    })
    try {
      await watched.recovery()
      const rounds: { pair: Pair; recoveryMs: number }[] = []
      for (const [i, pair] of pairs.entries()) {
        const liar = `dev-${i + 1}`
        lab.partition(...pair)
        watched.fleet.lie(liar)
        await systemScheduler.sleep(partitionMs)
        lab.heal(...pair)
        const recoveryMs = await watched.recovery().catch(async (error: unknown) => {
          throw new Error(`${pair.join('-')}: ${(error as Error).message}`, { cause: error })
        })
        await watched.untilFound(liar)
        rounds.push({ pair, recoveryMs })
        tell?.(`${pair.join('-')} cut for ${partitionMs / 1_000} s: all as before ${(recoveryMs / 1_000).toFixed(1)} s after`)
      }
      return { ...(await watched.account()), rounds }
    } finally {
      await watched.stop()
    }
  } finally {
    lab.close()
  }
}
