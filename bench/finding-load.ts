// A fleet over MQTT for publish-to-finding: 1,000 devices at 5 messages/s; some lie, one after the other. In a process of its own.
import { readFileSync } from 'node:fs'
import { silentLogger } from '../contracts/logger.ts'
import { planFleet, withDevices } from '../simulators/fleet.ts'
import type { Credentials } from '../simulators/mqtt-connection.ts'
import { runFleet } from '../simulators/run-fleet.ts'
import { systemScheduler } from '../simulators/scheduler.ts'

export interface FindingLoadPlan {
  readonly port: number
  readonly devices: number
  readonly perSecond: number
  readonly seed: number
  readonly liars: number
  readonly seconds: number
  readonly credentials: Readonly<Record<string, Credentials>>
}

const plan = JSON.parse(readFileSync(0, 'utf8')) as FindingLoadPlan
const fleet = withDevices(planFleet({ seed: plan.seed, devices: plan.devices }), () => ({
  intervalMs: 1_000 / plan.perSecond,
  protocol: 'wardwatch-json',
}))
const running = runFleet({
  fleet,
  host: '127.0.0.1',
  port: plan.port,
  serverName: 'localhost',
  credentials: async ({ device }) => plan.credentials[device]!,
  scheduler: systemScheduler,
  logger: silentLogger,
})
await running.started
await systemScheduler.sleep(3_000)
const before = running.stats()
const from = Date.now()
for (const { device } of fleet.devices.slice(0, plan.liars)) {
  running.device(device)!.distort((vitals) => ({ ...vitals, spo2: 130, hr: 400 }))
  await systemScheduler.sleep((plan.seconds * 500) / plan.liars)
}
await systemScheduler.sleep(plan.seconds * 1_000 - (Date.now() - from))
const after = running.stats()
const seconds = (Date.now() - from) / 1_000
process.stdout.write(
  `${JSON.stringify({ messagesPerSecond: Math.round((after.acknowledged - before.acknowledged) / seconds), dropped: after.dropped })}\n`,
)
await running.stop(500)
process.exit(0)
