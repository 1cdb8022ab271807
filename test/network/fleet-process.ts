import { silentLogger } from '../../contracts/logger.ts'
import { secureContextOf } from '../../simulators/mqtt-connection.ts'
import { wardwatchJson } from '../../simulators/payloads/wardwatch-json.ts'
import { randomFor } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { createUplink } from '../../simulators/uplink.ts'
import { type FleetPlan, fleetSite, type FleetRecord, type FleetWord } from './fleet-words.ts'

/** Devices in a process of their own, which can be on another host: start-fleet.ts tells it what to do and asks what was promised to it. */
const start = (plan: FleetPlan) => {
  const devices = plan.devices.map(({ device, credentials }) => {
    const acknowledged: number[] = []
    const commands: string[] = []
    const uplink = createUplink({
      device,
      site: fleetSite,
      connect: {
        host: plan.host,
        port: plan.port,
        serverName: plan.serverName,
        credentials,
        secureContext: secureContextOf(credentials),
        keepAliveSeconds: plan.keepAliveSeconds,
        connectTimeoutMs: 5_000,
      },
      scheduler: systemScheduler,
      random: randomFor(plan.seed, device),
      logger: silentLogger,
      backlogPerSecondMax: 40,
      backoffMs: { first: 200, max: 3_000 },
      onCommand: (payload) => commands.push(payload.toString()),
      onAcknowledged: ({ payload }) => acknowledged.push((JSON.parse(payload.toString()) as { seq: number }).seq),
    })
    uplink.start()
    return { device, uplink, acknowledged, commands, lies: false, seq: 0 }
  })
  const timer = setInterval(() => {
    for (const device of devices) {
      const vitals = device.lies ? { hr: 72, spo2: 130 } : { hr: 70 + (device.seq % 5), spo2: 96 + (device.seq % 3) }
      device.uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq: ++device.seq, boot: 'b1', vitals }))
    }
  }, plan.everyMs)
  return {
    lie(name: string): void {
      for (const device of devices) if (device.device === name) device.lies = true
    },
    rest: () => clearInterval(timer),
    record: (): FleetRecord => ({
      residentBytes: process.memoryUsage.rss(),
      devices: devices.map(({ device, uplink, acknowledged, commands, seq }) => {
        const { connected, dropped, queued, inFlight, redelivered } = uplink.stats()
        return { device, acknowledged, commands, made: seq, connected, dropped, redelivered, waiting: queued + inFlight }
      }),
    }),
  }
}

let fleet: ReturnType<typeof start> | null = null
process.on('message', (word: FleetWord) => {
  if (word.say === 'start') fleet = start(word.plan)
  else if (word.say === 'lie') fleet?.lie(word.device)
  else if (word.say === 'rest') fleet?.rest()
  else process.send!(fleet!.record())
})
// Its parent is gone.
process.on('disconnect', () => process.exit(0))
