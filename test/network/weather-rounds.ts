import { randomFor } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { freePort } from '../platform/free-port.ts'
import { loopback } from '../platform/place.ts'
import { type FrameLine, openFrameLine, type Trouble } from './frame-line.ts'
import { type Account, startWatchedPlatform } from './watched-platform.ts'

export interface WeatherReport extends Account {
  readonly rounds: readonly string[]
  readonly troubled: number
}

/** An edge, a detect machine and a sink whose answers of Kafka are cut, reset or stall now and then, at any byte and of every kind, for a while; then the weather clears. */
export const runWeatherRounds = async (options: {
  readonly seed: number
  readonly rounds: number
  readonly lastsMs: number
  /** How many of 1,000 answers have trouble. */
  readonly ofThousand: number
  readonly tell?: (line: string) => void
}): Promise<WeatherReport> => {
  const { seed, rounds, lastsMs, ofThousand, tell } = options
  const random = randomFor(seed, 'weather')
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const settings = { 'log-kafka-brokers': address }
  const far = ['edge', 'detect', 'sink'] as const
  const lines: FrameLine[] = []
  try {
    const watched = await startWatchedPlatform({
      seed,
      devices: 30,
      everyMs: 200,
      place: () => loopback,
      platform: {
        clickhouse: true,
        kafkaBehind: [address],
        machines: {
          desk: { roles: ['desk'] },
          ...Object.fromEntries(far.map((role) => [role, { roles: [role], later: true, settings }])),
        },
      },
      async complete(platform) {
        lines.push(await openFrameLine(port, platform.kafka.behind[0]!))
        for (const name of far) await platform.start(name)
      },
    })
    const [line] = lines as [FrameLine]
    try {
      await watched.recovery()
      const told: string[] = []
      for (let round = 0; round < rounds; round++) {
        const before = line.troubled()
        const liar = `dev-${round + 1}`
        line.weather((): Trouble | null => {
          if (random.integer(1, 1_000) > ofThousand) return null
          const bytes = random.integer(1, 200)
          return random.pick([{ cutAfter: bytes }, { cutAfter: bytes, reset: true }, { stallAfter: bytes }])
        })
        watched.fleet.lie(liar)
        await systemScheduler.sleep(lastsMs)
        line.weather(null)
        const recoveryMs = await watched.recovery().catch(async (error: unknown) => {
          throw new Error(`seed ${seed}, round ${round + 1}: ${(error as Error).message}\n${await watched.told()}`, { cause: error })
        })
        await watched.untilFound(liar)
        told.push(`${line.troubled() - before} troubles in ${lastsMs / 1_000} s: all as before ${(recoveryMs / 1_000).toFixed(1)} s after`)
        tell?.(told.at(-1)!)
      }
      return { ...(await watched.account()), rounds: told, troubled: line.troubled() }
    } finally {
      await watched.stop()
    }
  } finally {
    for (const line of lines) line.close()
  }
}
