import { loopback } from '../platform/place.ts'
import { freePort } from '../platform/free-port.ts'
import { randomFor, type Random } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { startToxiproxy, type Toxic } from './start-toxiproxy.ts'
import { type Account, startWatchedPlatform } from './watched-platform.ts'

export interface LineReport extends Account {
  readonly seed: number
  readonly rounds: readonly string[]
  /** While every packet of the edge to Kafka and back took 100 ms, give or take 50. */
  readonly far: { readonly offeredPerSecond: number; readonly acknowledgedPerSecond: number; readonly waiting: number }
}

const bothWays = (toxic: Omit<Toxic, 'stream'>): Toxic[] => [
  { ...toxic, stream: 'upstream' },
  { ...toxic, stream: 'downstream' },
]
/** Each way. */
const far = bothWays({ type: 'latency', attributes: { latency: 100, jitter: 50 } })

type Trouble = { readonly what: string; readonly toxics: readonly Toxic[] }

const troubleOf = (random: Random): Trouble => {
  const stream = random.pick(['upstream', 'downstream'] as const)
  const of = (what: string, type: Toxic['type'], attributes: Toxic['attributes']): Trouble => ({
    what: `${what} ${stream}`,
    toxics: [{ type, stream, attributes }],
  })
  return random.pick([
    // Kilobytes a second: less than the fleet makes.
    () => ({ what: 'trickle both ways', toxics: bothWays({ type: 'bandwidth', attributes: { rate: random.integer(1, 8) } }) }),
    () => of('small pieces', 'slicer', { average_size: random.integer(1, 40), size_variation: 0, delay: random.integer(100, 2_000) }),
    () => of('silence', 'timeout', { timeout: 0 }),
    () => of('silence, then closed', 'timeout', { timeout: random.integer(500, 4_000) }),
    () => of('reset', 'reset_peer', { timeout: random.integer(0, 1_000) }),
    () => of('cut in the middle of a message', 'limit_data', { bytes: random.integer(20, 20_000) }),
    () => ({ what: 'refused', toxics: [] }),
  ])()
}

/** One edge far from its Kafka, on a line that gets worse now and then in a way that the seed decides; the rest is near. */
export const runBadLineRounds = async (options: {
  readonly seed: number
  readonly rounds: number
  readonly farMs: number
  readonly devices: number
  readonly everyMs: number
  readonly troubleMs: { readonly least: number; readonly most: number }
  readonly tell?: (line: string) => void
}): Promise<LineReport> => {
  const { seed, farMs, devices, everyMs, troubleMs, tell } = options
  const random = randomFor(seed, 'bad line')
  const line = `127.0.0.1:${await freePort()}`
  const proxy = await startToxiproxy(seed)
  try {
    const watched = await startWatchedPlatform({
      seed,
      devices,
      everyMs,
      place: () => loopback,
      platform: {
        kafkaBehind: [line],
        machines: {
          hub: { roles: ['detect', 'sink', 'desk'] },
          edge: { roles: ['edge'], later: true, settings: { 'log-kafka-brokers': line } },
        },
      },
      async complete(platform) {
        await proxy.open(line, platform.kafka.behind[0]!)
        await proxy.add(line, far)
        await platform.start('edge')
      },
    })
    try {
      await watched.recovery()
      const acknowledged = async (): Promise<number> =>
        (await watched.record()).devices.reduce((sum, device) => sum + device.acknowledged.length, 0)
      const [before, fromMs] = [await acknowledged(), performance.now()]
      await systemScheduler.sleep(farMs)
      const perSecond = ((await acknowledged()) - before) / ((performance.now() - fromMs) / 1_000)
      const waiting = (await watched.record()).devices.reduce((sum, device) => sum + device.waiting, 0)
      const rounds: string[] = []
      for (let round = 0; round < options.rounds; round++) {
        const { what, toxics } = troubleOf(random)
        const lastsMs = random.integer(troubleMs.least, troubleMs.most)
        const said = `${what} for ${(lastsMs / 1_000).toFixed(1)} s`
        if (toxics.length === 0) await proxy.disable(line)
        else await proxy.add(line, toxics)
        await systemScheduler.sleep(lastsMs)
        if (toxics.length === 0) await proxy.enable(line)
        else {
          await proxy.cure(line)
          await proxy.add(line, far)
        }
        const recoveryMs = await watched.recovery().catch(async (error: unknown) => {
          const machines = await watched.told()
          throw new Error(`seed ${seed}, ${[...rounds, said].join('; ')}: ${(error as Error).message}\n${machines}`, { cause: error })
        })
        rounds.push(said)
        tell?.(`${said}: all as before ${(recoveryMs / 1_000).toFixed(1)} s after`)
      }
      return {
        ...(await watched.account()),
        seed,
        rounds,
        far: { offeredPerSecond: Math.round((devices * 1_000) / everyMs), acknowledgedPerSecond: Math.round(perSecond), waiting },
      }
    } finally {
      await watched.stop()
    }
  } finally {
    await proxy.stop()
  }
}
