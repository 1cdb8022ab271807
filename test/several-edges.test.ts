import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../app/control/client.ts'
import { nodeBinary } from '../app/runtime-binaries.mjs'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import type { Alert } from '../contracts/alert.ts'
import { silentLogger } from '../contracts/logger.ts'
import { type Credentials, secureContextOf } from '../simulators/mqtt-connection.ts'
import { wardwatchJson } from '../simulators/payloads/wardwatch-json.ts'
import { randomFor } from '../simulators/prng.ts'
import { systemScheduler } from '../simulators/scheduler.ts'
import { createUplink, type Uplink, type UplinkOptions } from '../simulators/uplink.ts'
import { freePort } from './platform/free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform/platform-process.ts'
import { queryRows } from './platform/query-rows.ts'
import { until } from './platform/until.ts'

const mosquitto = '/usr/sbin/mosquitto'
const hasMosquitto = existsSync(mosquitto)
const deviceCount = 18
const bridged = 40
const site = 'north'

interface Device {
  readonly name: string
  readonly uplink: Uplink
  readonly acknowledged: Set<number>
  readonly commands: string[]
  stop(): void
}

describe('a platform of three edge workers on one port, with a bridge', { timeout: 120_000 }, () => {
  const data = mkdtempSync(join(tmpdir(), 'ww-edges-'))
  const names = Array.from({ length: deviceCount }, (_, i) => `mon-${i + 1}`)
  let platform: PlatformProcess
  let credentials: ReadonlyMap<string, Credentials>
  let devices: Device[] = []
  let other: ChildProcess | null = null
  let otherPort = 0

  const uplinkOf = (name: string, more: Pick<UplinkOptions, 'onCommand' | 'onAcknowledged'>, localAddress?: string): Uplink => {
    const own = credentials.get(name)!
    return createUplink({
      device: name,
      site,
      connect: {
        host: '127.0.0.1',
        port: platform.mqttPort,
        serverName: 'localhost',
        credentials: own,
        secureContext: secureContextOf(own),
        keepAliveSeconds: 60,
        connectTimeoutMs: 5_000,
        ...(localAddress === undefined ? {} : { localAddress }),
      },
      scheduler: systemScheduler,
      random: randomFor(5, `${name} ${localAddress}`),
      logger: silentLogger,
      backlogPerSecondMax: 1_000,
      backoffMs: { first: 50, max: 300 },
      ...more,
    })
  }
  const createCloneUplink = (localAddress: string): Uplink => {
    const uplink = uplinkOf('cloned', {}, localAddress)
    uplink.start()
    return uplink
  }
  const startDevice = (name: string): Device => {
    const acknowledged = new Set<number>()
    const commands: string[] = []
    let seq = 0
    const uplink = uplinkOf(name, {
      onCommand: (payload) => commands.push(payload.toString()),
      onAcknowledged: ({ payload }) => acknowledged.add((JSON.parse(payload.toString()) as { seq: number }).seq),
    })
    uplink.start()
    const timer = setInterval(() => uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq: ++seq, vitals: { hr: 72 } })), 50)
    return { name, uplink, acknowledged, commands, stop: () => clearInterval(timer) }
  }

  const edges = async () => (await platform.roles()).filter(({ kind }) => kind === 'edge')
  const ofEdges = async (stat: (stats: Readonly<Record<string, unknown>>) => unknown): Promise<number[]> =>
    (await edges()).map(({ stats }) => Number(stats === null ? 0 : stat(stats)))
  const allConnected = (): Promise<void> => until('all are connected', () => devices.every(({ uplink }) => uplink.stats().connected))
  const alerts = async (detector: string): Promise<Alert[]> => {
    const answer = await ask<{ alerts: Alert[] }>(data, 'alerts', {})
    if (!answer.ok) throw new Error(answer.problem)
    return answer.value.alerts.filter((alert) => alert.detector === detector)
  }
  const commandAll = async (word: string): Promise<void> => {
    for (const device of names)
      expect(await ask(data, 'command', { device, payload: word })).toMatchObject({ ok: true, value: { ok: true } })
    await until(`'${word}' at every device`, () => devices.every(({ commands }) => commands.includes(word)))
    await until('no edge keeps a command', async () =>
      (await ofEdges((stats) => (stats['commands'] as { waiting: number }).waiting)).every((waiting) => waiting === 0),
    )
  }

  beforeAll(async () => {
    // The edges' certificate as another machine would get it, before the first start.
    const files = join(data, 'edge')
    const made = spawnSync(
      nodeBinary()!,
      ['--disable-warning=ExperimentalWarning', 'app/main.ts', 'certificate', '--data', data, '--names', 'localhost', '--out', files],
      { encoding: 'utf8' },
    )
    if (made.status !== 0) throw new Error(made.stderr)
    const own = { certificate: 'server.crt', key: 'server.key', ca: 'ca.crt' }
    // A load balancer may be there: who comes directly, as here, is served all the same.
    const flags: string[] = ['--mqtt-workers', '3', '--mqtt-proxy-from', '127.0.0.2', '--log-level', 'error']
    for (const [what, file] of Object.entries(own)) flags.push(`--mqtt-${what}-file`, join(files, file))
    if (hasMosquitto) {
      otherPort = await freePort()
      const file = join(data, 'mosquitto.conf')
      writeFileSync(file, `user root\nallow_anonymous true\nlistener ${otherPort} 127.0.0.1\n`)
      other = spawn(mosquitto, ['-c', file], { stdio: 'ignore' })
      const settings = join(data, 'wardwatch.yaml')
      writeFileSync(
        settings,
        `bridges:\n  - { name: old, url: 'mqtt://127.0.0.1:${otherPort}', subscription: 'ward/#', topicPattern: 'ward/+site/+device/telemetry' }\n`,
      )
      flags.push('--config', settings)
    }
    platform = await startPlatformProcess({ data, mqttPort: await freePort(), flags })
    const enrolled = await enrolSimulated(
      data,
      [...names, 'cloned'].map((device) => ({ device, site, ward: 'icu', model: 'test' })),
      () => {},
    )
    if (!enrolled.ok) throw new Error(enrolled.problem)
    ;({ credentials } = enrolled)
    devices = names.map(startDevice)
    await allConnected()
  })
  afterAll(async () => {
    for (const { stop, uplink } of devices) {
      stop()
      void uplink.stop(0)
    }
    await platform.stop()
    other?.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })

  it('the devices are spread over the edges, and a command reaches each of them once', async () => {
    await until('all are counted', async () => (await ofEdges((stats) => stats['signedIn'])).reduce((a, b) => a + b, 0) === deviceCount)
    expect((await ofEdges((stats) => stats['signedIn'])).filter((signedIn) => signedIn > 0).length).toBeGreaterThan(1)
    await commandAll('first')
    for (const { commands } of devices) expect(commands).toEqual(['first'])
  })

  it('devices that are cut off and come back at any edge, and an edge that is killed, are no clones and lose nothing', async () => {
    for (let round = 0; round < 4; round++) {
      for (const { uplink } of devices.slice(0, 8)) {
        uplink.sever()
        uplink.start()
      }
      await systemScheduler.sleep(400)
      await allConnected()
    }
    await platform.killRole('edge-1')
    await until('edge-1 again', async () =>
      (await edges()).some(({ name, state, restarts }) => name === 'edge-1' && state === 'running' && restarts > 0),
    )
    await allConnected()
    await commandAll('second')
    expect(await alerts('cloned-identity')).toEqual([])
  })

  it('two machines with one identity, each of which only wants to stay connected, are found at whichever edges they are', async () => {
    const two = ['127.8.0.1', '127.8.0.2'].map((localAddress) => createCloneUplink(localAddress))
    await until('the alert', async () => (await alerts('cloned-identity')).length > 0, 20_000)
    for (const uplink of two) await uplink.stop(0)
    expect((await alerts('cloned-identity')).map(({ device }) => device)).toEqual(['cloned'])
  })

  it.skipIf(!hasMosquitto)("another broker's messages land beside them (skipped where mosquitto is not installed)", async () => {
    const publisher = await connectAsync(`mqtt://127.0.0.1:${otherPort}`)
    await until('the bridge reads', async () =>
      (await platform.roles()).some(({ name, stats }) => name === 'bridge-old' && stats?.['connected'] === 1),
    )
    for (let seq = 1; seq <= bridged; seq++)
      await publisher.publishAsync('ward/south/elder/telemetry', wardwatchJson({ ts: Date.now(), seq, vitals: { hr: 60 } }), { qos: 1 })
    await publisher.endAsync()
    await until('they have landed', async () => {
      const [row] = await queryRows<{ n: string }>(data, "SELECT toString(uniqExact(seq)) AS n FROM readings WHERE device = 'elder'")
      return row?.n === String(bridged)
    })
  })

  it('every acknowledged reading is there, once', async () => {
    for (const { stop } of devices) stop()
    await Promise.all(devices.map(({ uplink }) => uplink.drained()))
    const acknowledged = devices.reduce((sum, device) => sum + device.acknowledged.size, 0)
    expect(acknowledged).toBeGreaterThan(500)
    const count = async (): Promise<{ all: string; distinct: string }> =>
      (
        await queryRows<{ all: string; distinct: string }>(
          data,
          "SELECT toString(count()) AS all, toString(uniqExact(device, seq)) AS distinct FROM readings WHERE device LIKE 'mon-%'",
        )
      )[0]!
    await until('all have landed', async () => Number((await count()).distinct) >= acknowledged)
    expect(await count()).toEqual({ all: String(acknowledged), distinct: String(acknowledged) })
  })
})
