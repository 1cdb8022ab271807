import { randomInt } from 'node:crypto'
import { silentLogger } from '../../contracts/logger.ts'
import { planFleet } from '../../simulators/fleet.ts'
import { runFleet } from '../../simulators/run-fleet.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { enrolSimulated } from '../simulated-credentials.ts'
import { type Command, durationMs, wholeNumber } from './command.ts'
import { configOf, settingsFlags } from './settings-flags.ts'
import { listenForStop } from './until-stopped.ts'

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'connects a seeded fleet of simulated devices to the running platform',
  usage: '',
  example: 'npx wardwatch simulate --devices 1000 --seed 7 --for 10m',
  flags: {
    ...settingsFlags,
    devices: { value: 'N', help: 'how many (default 200, at most 100000)' },
    seed: { value: 'N', help: 'the same seed gives the same fleet and the same physiology (default: drawn, and told)' },
    for: { value: 'DURATION', help: 'stops by itself, e.g. 90s or 10m' },
  },
  async run(call) {
    const config = configOf(call)
    const stop = listenForStop()
    const devices = wholeNumber(call, 'devices', 200, 1, 100_000)
    const seed = wholeNumber(call, 'seed', randomInt(1, 1_000_000), 0, 2 ** 31)
    const forMs = durationMs(call, 'for')
    const fleet = planFleet({ seed, devices })
    const enrolled = await enrolSimulated(config.data, fleet.devices, (count) => process.stdout.write(`enrolled ${count} of ${devices}\n`))
    if (!enrolled.ok) {
      process.stderr.write(`wardwatch: ${enrolled.problem}\n`)
      return 1
    }
    const running = runFleet({
      fleet,
      host: config.mqtt.host,
      port: config.mqtt.port,
      serverName: 'localhost',
      credentials: async ({ device }) => enrolled.credentials.get(device)!,
      scheduler: systemScheduler,
      logger: silentLogger,
    })
    const told = setInterval(() => {
      const { connected, published, acknowledged, queued } = running.stats()
      process.stdout.write(`connected ${connected} of ${devices}, published ${published}, acknowledged ${acknowledged}, queued ${queued}\n`)
    }, 5_000)
    process.stdout.write(`seed ${seed}: ${devices} devices connect to ${config.mqtt.host}:${config.mqtt.port}\n`)
    await stop.after(forMs)
    clearInterval(told)
    await running.stop(2_000)
    const { published, acknowledged, dropped } = running.stats()
    process.stdout.write(`published ${published}, acknowledged ${acknowledged}, dropped ${dropped}\n`)
    return 0
  },
}
