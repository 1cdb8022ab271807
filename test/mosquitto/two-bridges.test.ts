import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MqttClient, connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wardwatchJson } from '../../simulators/payloads/wardwatch-json.ts'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { type Distributed, startDistributed } from '../platform/distributed.ts'
import { queryRows } from '../platform/query-rows.ts'
import { until } from '../platform/until.ts'
import { lackingMosquitto, type Mosquitto, startMosquitto } from './start-mosquitto.ts'

const lacks = lackingOwnKafka() ?? lackingMosquitto()
const devices = Array.from({ length: 32 }, (_, i) => `mon-${i + 1}`)
const bridges = ['bridge-a', 'bridge-b']

describe.skipIf(lacks !== null)(
  `two bridges on one Kafka share the messages of a mosquitto${lacks === null ? '' : ` (skipped: ${lacks})`}`,
  { timeout: 120_000 },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'ww-bridges-'))
    const acknowledged = new Set<string>()
    let mosquitto: Mosquitto
    let platform: Distributed
    let publisher: MqttClient
    let timer: NodeJS.Timeout | undefined
    let seq = 0

    const figure = async (name: string, what: string): Promise<number> =>
      Number((await platform.machine(name).roles()).find(({ kind }) => kind === 'bridge')?.stats?.[what] ?? 0)
    /** Since mosquitto started. */
    const subscribed = (times: number): Promise<void> => until('the bridges are subscribed', () => mosquitto.subscribes() === times)
    const publish = async (device: string, own: number): Promise<void> => {
      const payload = wardwatchJson({ ts: Date.now(), seq: own, boot: 'b1', vitals: { hr: 72 } })
      await publisher.publishAsync(`v1/north/${device}/telemetry`, payload, { qos: 1 })
      acknowledged.add(`${device}/${own}`)
    }
    const load = (): void => {
      timer = setInterval(() => {
        seq++
        // Rejected only when the publisher ends.
        for (const device of devices) publish(device, seq).catch(() => undefined)
      }, 100)
    }
    const rest = async (): Promise<void> => {
      clearInterval(timer)
      await until('all are acknowledged', () => acknowledged.size === seq * devices.length)
    }
    /** What comes after it has something more to lose. */
    const more = async (messages: number): Promise<void> => {
      const from = acknowledged.size
      await until(`${messages} more are acknowledged`, () => acknowledged.size >= from + messages)
    }

    beforeAll(async () => {
      mosquitto = await startMosquitto()
      const config = join(directory, 'wardwatch.yaml')
      writeFileSync(
        config,
        `bridges:
  - name: ward
    url: ${mosquitto.url}
    subscription: $share/wardwatch/v1/+/+/telemetry
    topicPattern: v1/+site/+device/telemetry
`,
      )
      const bridge = { roles: ['bridge'], settings: { config } } as const
      platform = await startDistributed({
        machines: { hub: { roles: ['detect', 'sink', 'desk'] }, 'bridge-a': bridge, 'bridge-b': bridge },
      })
      await subscribed(2)
      publisher = await connectAsync(mosquitto.url, { clientId: 'publisher', clean: false, reconnectPeriod: 100 })
      load()
    }, 120_000)
    afterAll(async () => {
      clearInterval(timer)
      await publisher?.endAsync(true)
      await platform?.stop()
      await mosquitto?.stop()
      rmSync(directory, { recursive: true, force: true })
    }, 60_000)

    it('each takes a part', async () => {
      await more(500)
      for (const name of bridges) expect(await figure(name, 'durable'), name).toBeGreaterThan(50)
    })

    it('what mosquitto acknowledged lands, once, though a bridge is killed, mosquitto restarted and Kafka still for a while', async () => {
      await platform.kill('bridge-a')
      await more(1_000)
      await platform.start('bridge-a')
      await subscribed(3)
      await more(500)
      platform.kafka.nodes[0]!.freeze()
      await more(1_000)
      // mosquitto 2.0 forgets at a restart that a subscription was shared: what comes before the bridges are back has no reader (docs/edges.md).
      await rest()
      await mosquitto.restart()
      await subscribed(2)
      load()
      await more(500)
      platform.kafka.nodes[0]!.thaw()
      await more(500)
      await platform.kill('bridge-b')
      await more(500)
      await platform.start('bridge-b')
      await rest()
      const landed = async (): Promise<string[]> =>
        (await queryRows<{ reading: string }>(platform.deskData, "SELECT concat(device, '/', toString(seq)) AS reading FROM readings")).map(
          (row) => row.reading,
        )
      await until('all have landed', async () => new Set(await landed()).size >= acknowledged.size).catch(() => {})
      const rows = await landed()
      const there = new Set(rows)
      expect([...acknowledged].filter((one) => !there.has(one))).toEqual([])
      expect(rows.length - there.size).toBe(0)
      expect(rows.length).toBe(acknowledged.size)
    })

    it('what came twice is recorded as a redelivery, and nobody is suspected', async () => {
      const count = async (table: string): Promise<number> =>
        Number((await queryRows<{ n: string }>(platform.deskData, `SELECT toString(count()) AS n FROM ${table}`))[0]!.n)
      const durable = (await Promise.all(bridges.map((name) => figure(name, 'deadLettered')))).reduce((sum, letters) => sum + letters, 0)
      expect(durable).toBe(0)
      await until('redeliveries have landed', async () => (await count('redeliveries')) > 0, 20_000)
      expect(await queryRows(platform.deskData, 'SELECT detector, device, why FROM findings LIMIT 5')).toEqual([])
    })
  },
)
