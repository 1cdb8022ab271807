import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../contracts/logger.ts'
import type { DeviceSpec } from '../device-spec.ts'
import { type Fleet, planFleet, withDevices } from '../fleet.ts'
import { type GroundTruth, openGroundTruth } from '../ground-truth.ts'
import { randomFor } from '../prng.ts'
import { type RunningFleet, runFleet } from '../run-fleet.ts'
import { systemScheduler } from '../scheduler.ts'
import { type TestBroker, startTestBroker } from '../test-broker.ts'
import type { AttackContext, AttackTarget } from './attack.ts'
import { attacks } from './catalogue.ts'

// Devices that report each 50 ms, so that an attack's seconds pass in tenths.
const intervalMs = 50
const onLinux = process.platform === 'linux'
const plan = planFleet({
  seed: 9,
  devices: 20,
  senmlShare: 0,
  passwordDevices: 1,
  mix: { 'bedside-monitor': 4, wearable: 1, 'infusion-pump': 0.01, 'glucose-sensor': 0.01 },
})
const fleet: Fleet = withDevices(plan, () => ({ intervalMs }))
const monitors = fleet.devices.filter(({ profile }) => profile === 'bedside-monitor')
const legacy = fleet.devices.find(({ credential }) => credential === 'password')!

let broker: TestBroker
let running: RunningFleet | null
let truth: GroundTruth
beforeEach(async () => {
  truth = openGroundTruth(null)
  running = null
  broker = await startTestBroker({
    // By name and password only the legacy device with the right one; strangers not at all. The rest stands for a certificate.
    authenticate: (client, userName, password) =>
      userName === null ? client.startsWith('mon-0') && client !== 'mon-0666' : password === 'right',
  })
})
afterEach(async () => {
  await running?.stop(0)
  await broker.stop()
})

const credentials = async ({ credential, device }: DeviceSpec): Promise<{ userName?: string; password?: string }> =>
  credential === 'password' ? { userName: device, password: 'right' } : {}

const run = async (specs: readonly DeviceSpec[]): Promise<RunningFleet> => {
  running = runFleet({
    fleet: { seed: 9, devices: specs },
    host: '127.0.0.1',
    port: broker.port,
    credentials,
    scheduler: systemScheduler,
    logger: silentLogger,
  })
  await running.started
  await broker.until(() => specs.every(({ device }) => broker.received.some(({ client }) => client === device)))
  return running
}

const context = (): AttackContext => ({
  host: '127.0.0.1',
  port: broker.port,
  scheduler: systemScheduler,
  random: randomFor(1, 'attacks'),
  logger: silentLogger,
  groundTruth: truth,
  fleet,
  device: (id) => running?.device(id),
  credentials,
  rogueCredentials: async () => ({}),
  revokedDevice: async () => ({ device: 'mon-0666', credentials: {} }),
  signal: new AbortController().signal,
})

const target = (change: Partial<AttackTarget>): AttackTarget => ({
  device: null,
  site: null,
  address: null,
  others: [],
  durationMs: 300,
  ...change,
})
const address = onLinux ? '127.6.6.5' : null
const fromAttacker = () => broker.connects.filter((connect) => connect.address === (address ?? '127.0.0.1'))
const readings = (device: string) =>
  broker.received
    .filter(({ client, topic }) => client === device && topic.endsWith('/telemetry'))
    .map(({ payload, dup }) => ({
      ...(JSON.parse(payload.toString()) as { ts: number; seq: number; vitals: Record<string, number> }),
      dup,
      bytes: payload.toString(),
    }))

it('credential-brute-force: many passwords for one user name, all refused', async () => {
  await attacks['credential-brute-force'].run(context(), target({ device: legacy.device, address }))
  expect(fromAttacker().length).toBe(20)
  expect(fromAttacker().every(({ userName, accepted }) => userName === legacy.device && !accepted)).toBe(true)
  expect(truth.lines()).toMatchObject([
    { attack: 'credential-brute-force', subjects: [`address:${address ?? '127.0.0.1'}`, legacy.device] },
  ])
})

it('identity-spraying: one try for each of many names', async () => {
  const others = monitors.slice(0, 8).map(({ device }) => device)
  await attacks['identity-spraying'].run(context(), target({ others, address }))
  const names = fromAttacker().map(({ userName }) => userName)
  expect(names.length).toBe(16)
  expect(new Set(names).size).toBe(16)
  expect(names).toEqual(expect.arrayContaining(others))
})

it('rogue-device: a stranger and a revoked device knock a few times', async () => {
  await attacks['rogue-device'].run(context(), target({ address }))
  expect(fromAttacker().map(({ client, accepted }) => [client, accepted])).toEqual(
    [1, 2, 3].flatMap(() => [
      ['mon-6666', false],
      ['mon-0666', false],
    ]),
  )
  expect(truth.lines()[0]?.subjects).toEqual([`address:${address ?? '127.0.0.1'}`, 'mon-6666', 'mon-0666'])
})

it('cloned-identity: two take one client id from each other, with two counters', async () => {
  const spec = monitors[0]!
  await run([spec])
  await attacks['cloned-identity'].run(context(), target({ device: spec.device, address, durationMs: 4_000 }))
  const addresses = broker.connects.map((connect) => connect.address)
  if (onLinux) {
    const moves = addresses.filter((one, i) => i > 0 && one !== addresses[i - 1]).length
    expect(moves).toBeGreaterThanOrEqual(3)
  } else expect(addresses.length).toBeGreaterThan(4)
  const seqs = readings(spec.device).filter(({ dup }) => !dup)
  expect(seqs.some(({ seq }, i) => i > 0 && seq < seqs[i - 1]!.seq)).toBe(true)
})

it('topic-abuse: publishes in the name of others, subscribes to wildcards, over its own connection', async () => {
  const [spec, ...rest] = monitors
  await run([spec!])
  const others = rest.slice(0, 3).map(({ device }) => device)
  await attacks['topic-abuse'].run(context(), target({ device: spec!.device, others }))
  const foreign = broker.received.filter(({ topic }) => !topic.includes(`/${spec!.device}/`))
  expect(foreign.map(({ client }) => client)).toEqual(new Array(6).fill(spec!.device))
  for (const other of others) expect(foreign.filter(({ topic }) => topic.includes(`/${other}/`)).length).toBe(2)
  expect(broker.subscriptions.map(({ filter }) => filter)).toEqual(expect.arrayContaining(['#', 'v1/+/+/telemetry', '$SYS/#']))
  expect(broker.connects.length).toBe(1)
})

it('replay: old bytes come again without DUP over its own connection, while it goes on', async () => {
  const spec = monitors[1]!
  await run([spec])
  await attacks['replay'].run(context(), target({ device: spec.device, durationMs: 2_000 }))
  await running!.stop()
  const seen = new Map<string, number>()
  for (const { bytes, dup } of readings(spec.device)) if (!dup) seen.set(bytes, (seen.get(bytes) ?? 0) + 1)
  expect([...seen.values()].filter((times) => times === 2).length).toBeGreaterThanOrEqual(10)
  expect(Math.max(...seen.values())).toBe(2)
  expect(broker.connects.length).toBe(1)
  expect(truth.lines()[0]!.startedAt - (JSON.parse([...seen].find(([, times]) => times === 2)![0]) as { ts: number }).ts).toBeGreaterThan(
    400,
  )
})

it('flood: fifty times its rate, each reading with a counter of its own', async () => {
  const spec = monitors[2]!
  await run([spec])
  const before = readings(spec.device).length
  await attacks['flood'].run(context(), target({ device: spec.device, durationMs: 400 }))
  await running!.stop(5_000)
  const sent = readings(spec.device)
  // 400 ms at 20/s x 50 are 400 readings; a loaded machine may stall, and makes up for a second of it.
  expect(sent.length - before).toBeGreaterThan(250)
  expect(new Set(sent.map(({ bytes }) => bytes)).size).toBe(sent.length)
})

it('silence: no readings while it lasts, over a connection that lives on', async () => {
  const spec = monitors[3]!
  await run([spec])
  await attacks['silence'].run(context(), target({ device: spec.device }))
  const [line] = truth.lines()
  await broker.until(() => readings(spec.device).some(({ ts }) => ts > line!.endedAt))
  expect(readings(spec.device).filter(({ ts }) => ts > line!.startedAt + 5 && ts < line!.endedAt - 5)).toEqual([])
  expect([broker.connects.length, broker.wills.length]).toEqual([1, 0])
})

it('site-silence: every device of the site, and no other', async () => {
  const site = fleet.devices.at(-1)!.site
  const here = fleet.devices.filter((spec) => spec.site === site).slice(0, 4)
  const elsewhere = fleet.devices.find(
    (spec) => spec.site !== site && spec.credential === 'certificate' && spec.profile === 'bedside-monitor',
  )!
  const running = await run([...here, elsewhere].filter(({ device, credential }) => device.startsWith('mon-') || credential === 'password'))
  const gone = [...running.devices.values()].filter(({ spec }) => spec.site === site)
  await attacks['site-silence'].run(context(), target({ site }))
  expect(broker.wills.map((topic) => topic.split('/')[1])).toEqual(gone.map(() => site))
  expect(truth.lines()).toMatchObject([{ expectedDetector: 'silence', subjects: [`site:${site}`] }])
})

it('implausible-vitals: values that nobody has, and only while it lasts', async () => {
  const spec = monitors[4]!
  await run([spec])
  await attacks['implausible-vitals'].run(context(), target({ device: spec.device, durationMs: 500 }))
  const endMs = truth.lines()[0]!.endedAt
  await broker.until(() => readings(spec.device).some(({ ts }) => ts > endMs + 60))
  const lies = readings(spec.device).filter(({ vitals }) => vitals['spo2']! > 100)
  expect(lies.length).toBeGreaterThanOrEqual(5)
  expect(lies.filter(({ vitals }) => vitals['hr']! > 300 && vitals['temp']! > 44).length).toBeGreaterThanOrEqual(2)
  expect(lies.every(({ ts }) => ts >= truth.lines()[0]!.startedAt - intervalMs && ts <= endMs + intervalMs)).toBe(true)
})

it('level-shift: heart and pulse rise together, at once, by believable values', async () => {
  const spec = monitors[5]!
  await run([spec])
  await broker.until(() => readings(spec.device).length > 8)
  await attacks['level-shift'].run(context(), target({ device: spec.device, durationMs: 500 }))
  const { startedAt } = truth.lines()[0]!
  const good = readings(spec.device).filter(({ vitals }) => vitals['hr']! > 0 && vitals['hr'] === vitals['pulse'])
  const mean = (list: typeof good): number => list.reduce((sum, { vitals }) => sum + vitals['hr']!, 0) / list.length
  const [before, after] = [good.filter(({ ts }) => ts < startedAt), good.filter(({ ts }) => ts > startedAt + intervalMs)]
  expect(mean(after) - mean(before)).toBeGreaterThan(36)
  expect(Math.max(...after.map(({ vitals }) => vitals['hr']!))).toBeLessThan(220)
})
