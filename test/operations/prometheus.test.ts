import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { openConnection, secureContextOf } from '../../simulators/mqtt-connection.ts'
import { wardwatchJson } from '../../simulators/payloads/wardwatch-json.ts'
import { randomFor } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { createUplink } from '../../simulators/uplink.ts'
import { lackingOwnKafka } from '../kafka/kafka-offer.ts'
import { type Distributed, startDistributed } from '../platform/distributed.ts'
import { until } from '../platform/until.ts'
import { readAlertRules } from './alert-rules.ts'
import { expressionsOf, metricsIn, readDashboards } from './dashboards.ts'
import { lackingPrometheus, type PrometheusProcess, startPrometheus } from './prometheus-process.ts'

const lacks = lackingOwnKafka() ?? lackingPrometheus()
const rules = readAlertRules()
const panels = readDashboards().flatMap(expressionsOf)

/** Of the labels' values some come with their first event only, so there is one of each: a refusal, a session, a dead letter, a row. */
describe.skipIf(lacks !== null)(`a real Prometheus at a real platform on Kafka${lacks === null ? '' : ` (skipped: ${lacks})`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'ww-scraped-'))
  let platform: Distributed | undefined
  let prometheus: PrometheusProcess | undefined

  beforeAll(async () => {
    const config = join(home, 'wardwatch.yml')
    // A broker that is not there: what is told of a bridge is all that is wanted.
    const bridge = { name: 'none', url: 'mqtt://127.0.0.1:9', subscription: 'v1/+/+/telemetry', topicPattern: 'v1/+site/+device/telemetry' }
    writeFileSync(config, stringify({ bridges: [bridge] }))
    platform = await startDistributed({
      machines: { all: { roles: ['edge', 'detect', 'sink', 'desk', 'bridge'], settings: { config } } },
      clickhouse: true,
    })
    const enrolled = await enrolSimulated(platform.deskData, [{ device: 'mon-1', site: 'north', ward: 'icu', model: 'test' }], () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const credentials = enrolled.credentials.get('mon-1')!
    const { mqttPort: port, serverName } = platform
    const connect = { host: '127.0.0.1', port, serverName, credentials, secureContext: secureContextOf(credentials), keepAliveSeconds: 30, connectTimeoutMs: 10_000 } // prettier-ignore
    const other = await openConnection({ ...connect, clientId: 'somebody-else' })
    if (other.ok) throw new Error('another client id was let in')
    const uplink = createUplink({
      device: 'mon-1',
      site: 'north',
      connect,
      scheduler: systemScheduler,
      random: randomFor(1, 'mon-1'),
      logger: silentLogger,
    })
    uplink.start()
    for (let seq = 1; seq <= 20; seq++) uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq, vitals: { hr: 70 } }))
    uplink.send('telemetry', Buffer.from('no message'))
    await uplink.drained()
    await uplink.stop(0)
    prometheus = await startPrometheus([platform.machine('all').healthPort])
  }, 120_000)
  afterAll(async () => {
    await prometheus?.stop()
    await platform?.stop()
    rmSync(home, { recursive: true, force: true })
  }, 60_000)

  it('every metric that a rule or a panel names is really told', { timeout: 60_000 }, async () => {
    const wanted = [...new Set([...rules, ...panels].flatMap(({ expr }) => metricsIn(expr)))]
    expect(wanted.length).toBeGreaterThan(50)
    const missing = async (): Promise<string[]> => {
      const names = new Set(await prometheus!.ask<string[]>('label/__name__/values'))
      return wanted.filter((name) => !names.has(name))
    }
    // Landing is a matter of a second or two; what never comes is named here.
    await until('all of them', async () => (await missing()).length === 0, 20_000).catch(() => undefined)
    expect(await missing()).toEqual([])
  })

  it('every panel and every rule is answered', async () => {
    for (const { expr } of [...panels, ...rules])
      expect(await prometheus!.ask<{ resultType: string }>('query', { query: expr }), expr).toMatchObject({ resultType: 'vector' })
  })

  it('Prometheus scrapes without a complaint, and has loaded every rule', async () => {
    const { activeTargets } = await prometheus!.ask<{ activeTargets: { health: string; lastError: string }[] }>('targets')
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }])
    const { groups } = await prometheus!.ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>('rules')
    const loaded = groups.flatMap((group) => group.rules)
    expect(loaded.filter(({ health }) => health === 'err')).toEqual([])
    expect(loaded.map(({ name }) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort())
  })

  it('a platform that is well fires nothing; the bridge without a broker is on its way to', async () => {
    const told = async (): Promise<string[]> => {
      const { alerts } = await prometheus!.ask<{ alerts: { labels: { alertname: string }; state: string }[] }>('alerts')
      return alerts.map(({ labels, state }) => `${labels.alertname} ${state}`)
    }
    const expected = ['WardwatchBridgeDisconnected pending']
    // Rules that were asked before the first scrape saw no platform yet: the next second's answer clears them.
    await until('nothing but the bridge', async () => String(await told()) === String(expected), 20_000).catch(() => undefined)
    expect(await told()).toEqual(expected)
  })
})
