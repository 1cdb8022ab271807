import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../app/control/client.ts'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import type { Alert } from '../contracts/alert.ts'
import { silentLogger } from '../contracts/logger.ts'
import { type Credentials, secureContextOf } from '../simulators/mqtt-connection.ts'
import { wardwatchJson } from '../simulators/payloads/wardwatch-json.ts'
import { randomFor } from '../simulators/prng.ts'
import { systemScheduler } from '../simulators/scheduler.ts'
import { createUplink, type Uplink, type UplinkOptions } from '../simulators/uplink.ts'
import { lackingOwnKafka } from './kafka/kafka-offer.ts'
import { lackingBalancer } from './platform/balancer.ts'
import { type Distributed, startDistributed } from './platform/distributed.ts'
import { queryRows } from './platform/query-rows.ts'
import { until } from './platform/until.ts'

const lacks = lackingOwnKafka() ?? lackingBalancer()
const site = 'north'
const names = Array.from({ length: 16 }, (_, i) => `mon-${i + 1}`)
const addressOf = (name: string): string => `127.0.9.${name.slice(4)}`

interface Device {
  readonly name: string
  readonly uplink: Uplink
  readonly acknowledged: Set<number>
  readonly commands: string[]
  stop(): void
}

/** Three machines (data directories and processes of their own) on one Kafka: the rest, and two edges behind haproxy. */
describe.skipIf(lacks !== null)(
  `two edges behind haproxy, and the rest, on one Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  { timeout: 180_000 },
  () => {
    let platform: Distributed
    let credentials: ReadonlyMap<string, Credentials>
    let devices: Device[] = []

    const uplinkOf = (name: string, localAddress: string, more: Pick<UplinkOptions, 'onCommand' | 'onAcknowledged'> = {}): Uplink => {
      const own = credentials.get(name)!
      return createUplink({
        device: name,
        site,
        connect: {
          host: '127.0.0.1',
          port: platform.mqttPort,
          serverName: platform.serverName,
          credentials: own,
          secureContext: secureContextOf(own),
          keepAliveSeconds: 60,
          connectTimeoutMs: 5_000,
          localAddress,
        },
        scheduler: systemScheduler,
        random: randomFor(9, `${name} ${localAddress}`),
        logger: silentLogger,
        backlogPerSecondMax: 1_000,
        backoffMs: { first: 50, max: 300 },
        ...more,
      })
    }
    const startDevice = (name: string): Device => {
      const acknowledged = new Set<number>()
      const commands: string[] = []
      let seq = 0
      const uplink = uplinkOf(name, addressOf(name), {
        onCommand: (payload) => commands.push(payload.toString()),
        onAcknowledged: ({ payload }) => acknowledged.add((JSON.parse(payload.toString()) as { seq: number }).seq),
      })
      uplink.start()
      const timer = setInterval(() => uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq: ++seq, vitals: { hr: 72 } })), 50)
      return { name, uplink, acknowledged, commands, stop: () => clearInterval(timer) }
    }
    const edgeStats = async (name: string): Promise<Readonly<Record<string, unknown>>> =>
      (await platform.machine(name).roles()).find(({ kind }) => kind === 'edge')?.stats ?? {}
    const signedIn = (): Promise<number[]> =>
      Promise.all(['edge-a', 'edge-b'].map(async (name) => Number((await edgeStats(name))['signedIn'] ?? 0)))
    const allConnected = (): Promise<void> => until('all are connected', () => devices.every(({ uplink }) => uplink.stats().connected))
    const clones = async (): Promise<string[]> => {
      const answer = await ask<{ alerts: Alert[] }>(platform.deskData, 'alerts', {})
      if (!answer.ok) throw new Error(answer.problem)
      return answer.value.alerts.filter(({ detector }) => detector === 'cloned-identity').map(({ device }) => device)
    }
    const commandAll = async (word: string): Promise<void> => {
      for (const device of names)
        expect(await ask(platform.deskData, 'command', { device, payload: word })).toMatchObject({ ok: true, value: { ok: true } })
      await until(`'${word}' at every device`, () => devices.every(({ commands }) => commands.includes(word)))
    }

    beforeAll(async () => {
      platform = await startDistributed({
        machines: {
          hub: { roles: ['detect', 'sink', 'desk'] },
          'edge-a': { roles: ['edge'] },
          'edge-b': { roles: ['edge'] },
        },
        balancer: true,
      })
      const enrolled = await enrolSimulated(
        platform.deskData,
        [...names, 'cloned'].map((device) => ({ device, site, ward: 'icu', model: 'test' })),
        () => {},
      )
      if (!enrolled.ok) throw new Error(enrolled.problem)
      ;({ credentials } = enrolled)
      devices = names.map(startDevice)
      await allConnected()
    }, 120_000)
    afterAll(async () => {
      for (const { stop, uplink } of devices) {
        stop()
        void uplink.stop(0)
      }
      await platform?.stop()
    }, 60_000)

    it('half of the devices is at each edge, and a command from the desk reaches every one, once', async () => {
      await until('all are counted', async () => (await signedIn()).reduce((sum, count) => sum + count, 0) === names.length)
      for (const count of await signedIn()) expect(count).toBeGreaterThan(names.length / 4)
      await commandAll('first')
      for (const { commands } of devices) expect(commands).toEqual(['first'])
    })

    it('an edge machine dies: its devices are at the other one, commands too, and nobody is called a clone', async () => {
      await platform.kill('edge-a')
      await until('all are at edge-b', async () => Number((await edgeStats('edge-b'))['signedIn']) === names.length)
      await commandAll('second')
      await platform.start('edge-a')
      for (let round = 0; round < 3; round++) {
        for (const { uplink } of devices.slice(0, 8)) {
          uplink.sever()
          uplink.start()
        }
        await systemScheduler.sleep(500)
        await allConnected()
      }
      await until('both have devices again', async () => (await signedIn()).every((count) => count > 0))
      await commandAll('third')
      expect(await clones()).toEqual([])
    })

    it('Kafka stands still for longer than a session: all say why they are not ready, and everything goes on by itself', async () => {
      platform.kafka.nodes[0]!.freeze()
      const frozenAt = Date.now()
      for (const name of ['edge-a', 'edge-b'])
        await until(`${name} is not ready`, async () => (await platform.readyz(name)).includes('can not write the log'), 20_000)
      await until('the rest is not ready', async () => (await platform.readyz('hub')).includes('can not read the log'), 20_000)
      const acknowledged = devices.map((device) => device.acknowledged.size)
      await systemScheduler.sleep(Math.max(0, 14_000 - (Date.now() - frozenAt)))
      expect(devices.map((device) => device.acknowledged.size)).toEqual(acknowledged)
      platform.kafka.nodes[0]!.thaw()
      await until('all are ready', async () =>
        (await Promise.all(['edge-a', 'edge-b', 'hub'].map(platform.readyz))).every((said) => said.includes('"ok":true')),
      )
      await until('all are acknowledged again', () => devices.every((device, i) => device.acknowledged.size > acknowledged[i]!))
      await commandAll('fourth')
      for (const { commands } of devices) expect(commands).toEqual([...new Set(commands)])
      expect(await clones()).toEqual([])
    })

    it('two machines with one identity, at two edges, are found', async () => {
      const two = ['127.8.0.1', '127.8.0.2'].map((localAddress) => uplinkOf('cloned', localAddress))
      for (const uplink of two) uplink.start()
      await until('the alert', async () => (await clones()).length > 0)
      for (const uplink of two) await uplink.stop(0)
      expect(await clones()).toEqual(['cloned'])
    })

    it('every acknowledged reading has landed, once, and each device has its own address', async () => {
      for (const { stop } of devices) stop()
      await Promise.all(devices.map(({ uplink }) => uplink.drained()))
      const acknowledged = devices.reduce((sum, device) => sum + device.acknowledged.size, 0)
      expect(acknowledged).toBeGreaterThan(1_000)
      const count = async (): Promise<{ all: string; distinct: string }> =>
        (
          await queryRows<{ all: string; distinct: string }>(
            platform.deskData,
            "SELECT toString(count()) AS all, toString(uniqExact(device, seq)) AS distinct FROM readings WHERE device LIKE 'mon-%'",
          )
        )[0]!
      await until('all have landed', async () => Number((await count()).distinct) >= acknowledged)
      expect(await count()).toEqual({ all: String(acknowledged), distinct: String(acknowledged) })
      const addresses = await queryRows<{ device: string; address: string }>(
        platform.deskData,
        "SELECT DISTINCT device, address FROM sessions WHERE event = 'connect' AND device LIKE 'mon-%' ORDER BY device",
      )
      expect(addresses.toSorted((a, b) => (a.device < b.device ? -1 : 1))).toEqual(
        names.map((device) => ({ device, address: addressOf(device) })).toSorted((a, b) => (a.device < b.device ? -1 : 1)),
      )
    })
  },
)
