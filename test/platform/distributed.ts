import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RoleName } from '../../app/role-set.ts'
import { type StandIn, startStandIn } from '../clickhouse/start-stand-in.ts'
import { startKafka, type TestKafka } from '../kafka/start-kafka.ts'
import { type Balancer, balancerAddress, startBalancer } from './balancer.ts'
import { getAt, loopback, type Place } from './place.ts'
import { freePort } from './free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts'
import { runWardwatch, runWardwatchAt } from './run-wardwatch.ts'
import { until } from './until.ts'

/** By flag, without the hyphens. */
export type Settings = Readonly<Record<string, string>>

export interface MachinePlan {
  readonly roles: readonly RoleName[]
  readonly settings?: Settings
  /** It is known to the load balancer, and does not run until it is started. */
  readonly later?: boolean
}

/** Machines on one Kafka: processes and data directories of their own on the loopback, each with the keys that its roles need. */
export interface Distributed {
  readonly kafka: TestKafka
  /** Null when the embedded engine was asked for. */
  readonly clickhouse: StandIn | null
  /** Where devices connect: the load balancer's port, else the first edge's. */
  readonly mqttPort: number
  /** The name in the edges' certificate. */
  readonly serverName: string
  /** The data directory of the machine with the desk: who asks the platform asks there. */
  readonly deskData: string
  /** The settings that every machine has, for who opens the log beside them. */
  readonly settings: Settings
  dataOf(name: string): string
  running(): readonly string[]
  /** Throws when it does not run. */
  machine(name: string): PlatformProcess
  /** A first start, or one after an end: with the data that it left. An edge is ready when this resolves. */
  start(name: string): Promise<void>
  /** kill -9 of all its processes at once. */
  kill(name: string): Promise<void>
  /** A goodbye. */
  leave(name: string): Promise<void>
  readyz(name: string): Promise<string>
  /** Ends everything, in whatever state it is, and removes its data. */
  stop(): Promise<void>
}

export interface DistributedOptions {
  readonly machines: Readonly<Record<string, MachinePlan>>
  readonly kafkaNodes?: 1 | 3
  /** A stand-in of a ClickHouse server; without, the engine of the machine that has sink and desk. */
  readonly clickhouse?: boolean
  readonly balancer?: boolean
  readonly runtime?: 'bun' | 'node'
  readonly settings?: Settings
  /** Where `kafka`, `clickhouse` and each machine is; all on the loopback, without. The load balancer knows the loopback only. */
  readonly place?: (part: string) => Place
  /** See `TestKafkaOptions`. */
  readonly kafkaBehind?: readonly string[]
}

export const flagsOf = (settings: Settings): string[] => Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value])

export const startDistributed = async (options: DistributedOptions): Promise<Distributed> => {
  const { machines: plans, kafkaNodes = 1, runtime, place = () => loopback } = options
  const serverName = 'broker.example'
  const root = mkdtempSync(join(tmpdir(), 'ww-distributed-'))
  const [edgeFiles, masterFile, logKeyFile, passwordFile] = ['certificate', 'master.key', 'log.key', 'clickhouse-password'].map((name) =>
    join(root, name),
  ) as [string, string, string, string]
  const dataOf = (name: string): string => join(root, name)
  const deskName = Object.keys(plans).find((name) => plans[name]!.roles.includes('desk'))
  if (deskName === undefined) throw new Error('no machine has a desk')
  const running = new Map<string, PlatformProcess>()
  const starting = new Set<Promise<unknown>>()
  const ending = new AbortController()
  const ports = new Map<string, { readonly mqtt: number; readonly health: number }>()
  let kafka: TestKafka | null = null
  let clickhouse: StandIn | null = null
  let balancer: Balancer | null = null

  const stop = async (): Promise<void> => {
    ending.abort()
    await Promise.allSettled(starting)
    await Promise.all([...running.values()].map((machine) => machine.stop()))
    await balancer?.stop()
    await clickhouse?.stop()
    await kafka?.stop()
    rmSync(root, { recursive: true, force: true })
  }

  try {
    writeFileSync(masterFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    kafka = await startKafka({
      nodes: kafkaNodes,
      at: place('kafka'),
      ...(options.kafkaBehind === undefined ? {} : { behind: options.kafkaBehind }),
    })
    const settings: Settings = {
      'log-kind': 'kafka',
      'log-kafka-brokers': kafka.brokers.join(','),
      'log-kafka-tls': 'false',
      'log-kafka-replication-factor': String(kafkaNodes),
      'log-kafka-min-insync-replicas': kafkaNodes === 3 ? '2' : '1',
      'log-level': 'error',
      ...options.settings,
    }
    const keyed = ['--data', dataOf(deskName), '--key-file', masterFile]
    await runWardwatch('certificate', ...keyed, '--names', serverName, '--out', edgeFiles)
    writeFileSync(logKeyFile, await runWardwatch('kafka', 'key', ...keyed, ...flagsOf(settings)), { mode: 0o600 })
    await runWardwatchAt(place(deskName), 'kafka', 'topics', '--create', ...flagsOf(settings))
    if (options.clickhouse === true) {
      mkdirSync(join(root, 'clickhouse'))
      clickhouse = await startStandIn({ directory: join(root, 'clickhouse'), place: place('clickhouse') })
      writeFileSync(passwordFile, `${clickhouse.password}\n`, { mode: 0o600 })
    }
    const store: Settings =
      clickhouse === null
        ? {}
        : {
            'store-kind': 'server',
            'store-url': clickhouse.url,
            'store-password-file': passwordFile,
            ...(place('clickhouse').address === loopback.address ? {} : { 'store-plaintext': 'true' }),
          }
    for (const name of Object.keys(plans)) ports.set(name, { mqtt: await freePort(), health: await freePort() })

    const flagsFor = (name: string): string[] => {
      const { roles, settings: own = {} } = plans[name]!
      const has = (role: RoleName): boolean => roles.includes(role)
      return flagsOf({
        ...settings,
        roles: roles.join(','),
        node: name,
        'metrics-port': String(ports.get(name)!.health),
        ...(has('desk') || has('detect') ? { 'key-file': masterFile } : { 'log-key-file': logKeyFile }),
        ...(has('desk') || has('sink') ? store : {}),
        ...(!has('edge')
          ? {}
          : {
              'mqtt-host': place(name).address,
              'mqtt-certificate-file': join(edgeFiles, 'server.crt'),
              'mqtt-key-file': join(edgeFiles, 'server.key'),
              'mqtt-ca-file': join(edgeFiles, 'ca.crt'),
              ...(options.balancer === true ? { 'mqtt-proxy-from': balancerAddress } : {}),
            }),
        ...own,
      })
    }
    const machine = (name: string): PlatformProcess => {
      const found = running.get(name)
      if (found === undefined) throw new Error(`${name} does not run`)
      return found
    }
    const readyz = async (name: string): Promise<string> => getAt(place(name), machine(name).healthPort, '/readyz')
    const start = async (name: string): Promise<void> => {
      if (running.has(name)) throw new Error(`${name} runs already`)
      const mqttPort = ports.get(name)!.mqtt
      const flags = flagsFor(name)
      const process = startPlatformProcess({
        data: dataOf(name),
        mqttPort,
        flags,
        place: place(name),
        signal: ending.signal,
        ...(runtime === undefined ? {} : { runtime }),
      }).finally(() => starting.delete(process))
      starting.add(process)
      running.set(name, await process)
      // haproxy asks the same, and sends nobody to an edge that has not reported yet.
      if (plans[name]!.roles.includes('edge'))
        await until(`${name} is ready`, async () => (await readyz(name)).includes('"ok":true'), 60_000)
    }

    await start(deskName)
    // One after the other: two cores are slower with all at once.
    for (const [name, { later }] of Object.entries(plans)) if (later !== true && name !== deskName) await start(name)
    const edges = Object.keys(plans).filter((name) => plans[name]!.roles.includes('edge'))
    if (options.balancer === true)
      balancer = await startBalancer(
        join(root, 'haproxy.cfg'),
        edges.map((name) => ({ name, mqttPort: ports.get(name)!.mqtt, healthPort: ports.get(name)!.health })),
      )

    return {
      kafka,
      clickhouse,
      mqttPort: balancer?.port ?? ports.get(edges[0] ?? deskName)!.mqtt,
      serverName,
      deskData: dataOf(deskName),
      settings: { ...settings, 'key-file': masterFile },
      dataOf,
      running: () => [...running.keys()],
      machine,
      start,
      async kill(name) {
        await machine(name).killAll()
        running.delete(name)
      },
      async leave(name) {
        const { code } = await machine(name).stop()
        running.delete(name)
        if (code !== 0) throw new Error(`${name} ended with ${code}`)
      },
      readyz,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
