import { afterEach, expect, it } from 'vitest'
import { createTestAuthority } from '../broker/test-certificates.ts'
import { silentLogger } from '../contracts/logger.ts'
import { planFleet, withDevices } from './fleet.ts'
import { type RunningFleet, runFleet } from './run-fleet.ts'
import { systemScheduler } from './scheduler.ts'
import { type TestBroker, startTestBroker } from './test-broker.ts'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop()
})

const start = (fleet: ReturnType<typeof planFleet>, broker: TestBroker, credentials = async () => ({})): RunningFleet => {
  const running = runFleet({
    fleet,
    host: '127.0.0.1',
    port: broker.port,
    credentials,
    scheduler: systemScheduler,
    logger: silentLogger,
    startsPerSecondMax: 500,
  })
  open.push(running)
  return running
}
const quick = (devices: number, change: object = {}): ReturnType<typeof planFleet> =>
  withDevices(planFleet({ seed: 5, devices, senmlShare: 0 }), () => ({ intervalMs: 50, ...change }))

it('a fleet speaks over mutual TLS, each device under its own name and certificate', async () => {
  const authority = await createTestAuthority('Simulators')
  const server = await authority.issue({ commonName: 'edge', purpose: 'server' })
  const broker = await startTestBroker({ tls: { key: server.keyPem, cert: server.certificatePem, ca: authority.certificatePem } })
  open.push(broker)
  const fleet = quick(8)
  const running = runFleet({
    fleet,
    host: '127.0.0.1',
    port: broker.port,
    credentials: async ({ device }) => {
      const { keyPem, certificatePem } = await authority.issue({ commonName: device, purpose: 'client' })
      return { caPem: authority.certificatePem, certificatePem, privateKeyPem: keyPem }
    },
    scheduler: systemScheduler,
    logger: silentLogger,
  })
  open.push(running)
  await running.started
  await broker.until(() => fleet.devices.every(({ device }) => broker.received.some(({ client }) => client === device)))
  for (const { client, topic } of broker.received) expect(topic).toMatch(new RegExp(`^v1/[a-z-]+/${client}/(telemetry|event)$`))
  expect(running.stats()).toMatchObject({ devices: 8, connected: 8, dropped: 0 })
  await running.stop()
  const { published, acknowledged, connected } = running.stats()
  expect([acknowledged, connected]).toEqual([published, 0])
})

it('a device answers commands on its event topic, also those it does not understand', async () => {
  const broker = await startTestBroker()
  open.push(broker)
  const fleet = quick(1)
  const { device, site } = fleet.devices[0]!
  const running = start(fleet, broker)
  await running.started
  await broker.until(() => broker.subscriptions.length === 1)
  expect(broker.subscriptions).toEqual([{ client: device, filter: `v1/${site}/${device}/command` }])
  await broker.send(`v1/${site}/${device}/command`, '{"id":"c1","action":"ping"}')
  await broker.send(`v1/${site}/${device}/command`, 'no json')
  const answers = (): { subject: string; from: string | null; to: string }[] =>
    broker.received.filter(({ topic }) => topic.endsWith('/event')).map(({ payload }) => JSON.parse(payload.toString()) as never)
  await broker.until(() => answers().length === 2)
  expect(answers()).toMatchObject([
    { event: 'configuration', subject: 'command ping', from: 'c1', to: 'done' },
    { event: 'configuration', subject: 'command unreadable', from: null, to: 'refused' },
  ])
})

it('a device with a history brings it first, in order, with times of its own', async () => {
  const broker = await startTestBroker()
  open.push(broker)
  const fleet = quick(1, { historyMs: 60_000, historyIntervalMs: 5_000 })
  const running = start(fleet, broker)
  await running.started
  await broker.until(() => broker.received.length > 15)
  const readings = broker.received.map(({ payload }) => JSON.parse(payload.toString()) as { ts: number; seq: number })
  expect(readings.map(({ seq }) => seq)).toEqual(readings.map((_, i) => i + 1))
  const gaps = readings.slice(1).map(({ ts }, i) => ts - readings[i]!.ts)
  expect(gaps.slice(0, 12)).toEqual(new Array(12).fill(5_000))
  expect(gaps.slice(12)).toEqual(new Array(gaps.length - 12).fill(50))
})

it('a device that dies says nothing more until it is revived, and then begins a new boot', async () => {
  const broker = await startTestBroker()
  open.push(broker)
  const fleet = quick(1)
  const running = start(fleet, broker)
  await running.started
  const device = running.device(fleet.devices[0]!.device)!
  await broker.until(() => broker.received.length > 3)
  device.die()
  await broker.until(() => broker.wills.length === 1)
  const heard = broker.received.length
  const before = JSON.parse(broker.received.at(-1)!.payload.toString()) as { boot: string }
  device.revive()
  await broker.until(() => broker.received.length > heard + 2)
  const after = broker.received.slice(heard).map(({ payload }) => JSON.parse(payload.toString()) as { boot: string; seq: number })
  const fresh = after.findIndex(({ boot }) => boot !== before.boot)
  expect(after[fresh]?.seq).toBe(1)
  // At most the last reading of the old boot, which was on its way, comes before it.
  expect(fresh).toBeLessThanOrEqual(1)
})
