import { silentLogger } from '../contracts/logger.ts'
import { planFleet } from './fleet.ts'
import type { Credentials } from './mqtt-connection.ts'
import { runFleet } from './run-fleet.ts'
import { systemScheduler } from './scheduler.ts'

/** What `fleet.long.test.ts` starts, on either runtime: a fleet over mutual TLS in a process of its own. Its measure goes out as one JSON line. */
interface Order {
  readonly port: number
  readonly devices: number
  readonly forMs: number
  readonly caPem: string
  readonly identities: readonly { readonly certificatePem: string; readonly keyPem: string }[]
}

const text: Buffer[] = []
for await (const chunk of process.stdin) text.push(chunk as Buffer)
const order = JSON.parse(Buffer.concat(text).toString()) as Order
const fleet = planFleet({ seed: 1, devices: order.devices })
let next = 0
const running = runFleet({
  fleet,
  host: '127.0.0.1',
  port: order.port,
  credentials: async (): Promise<Credentials> => {
    const { certificatePem, keyPem } = order.identities[next++ % order.identities.length]!
    return { caPem: order.caPem, certificatePem, privateKeyPem: keyPem }
  },
  scheduler: systemScheduler,
  logger: silentLogger,
  keepAliveSeconds: 300,
})
await running.started
while (running.stats().connected < order.devices) await systemScheduler.sleep(100)
const before = { cpu: process.cpuUsage(), acknowledged: running.stats().acknowledged }
let rssBytesMax = 0
const untilMs = Date.now() + order.forMs
while (Date.now() < untilMs) {
  await systemScheduler.sleep(250)
  rssBytesMax = Math.max(rssBytesMax, process.memoryUsage().rss)
}
const used = process.cpuUsage(before.cpu)
const acknowledged = running.stats().acknowledged - before.acknowledged
const measure = {
  rssBytesMax,
  messagesPerSecond: acknowledged / (order.forMs / 1_000),
  cpuShare: (used.user + used.system) / 1_000 / order.forMs,
  cpuMicrosecondsPerMessage: (used.user + used.system) / acknowledged,
  ...running.stats(),
}
await running.stop(5_000)
process.stdout.write(`${JSON.stringify({ ...measure, after: running.stats() })}\n`)
process.exit(0)
