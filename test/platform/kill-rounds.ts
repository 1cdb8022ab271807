import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolSimulated } from '../../app/simulated-credentials.ts'
import { silentLogger } from '../../contracts/logger.ts'
import { wardwatchJson } from '../../simulators/payloads/wardwatch-json.ts'
import { secureContextOf } from '../../simulators/mqtt-connection.ts'
import { type Random, randomFor } from '../../simulators/prng.ts'
import { systemScheduler } from '../../simulators/scheduler.ts'
import { createUplink, type Uplink } from '../../simulators/uplink.ts'
import { freePort } from './free-port.ts'
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts'
import { queryRows } from './query-rows.ts'
import { readStoppedPlatform } from './stopped-platform.ts'
import { until } from './until.ts'

export interface KillRoundsReport {
  readonly seed: number
  readonly acknowledged: number
  readonly kills: readonly string[]
  /** Acknowledged readings that ClickHouse does not hold, and readings that it holds more than once. */
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  readonly findings: {
    readonly landed: number
    readonly distinct: number
    readonly inLog: number
    readonly backtested: number
    readonly sameBytes: boolean
  }
  readonly chain: { readonly ok: boolean; readonly events: number; readonly problem: string }
  readonly alertCount: number
}

const deviceCount = 24
const sendEveryMs = 20
const targets = ['everything', 'everything', 'edge-0', 'edge-0', 'detect', 'hub'] as const

interface LoadedDevice {
  readonly device: string
  readonly uplink: Uplink
  /** Sequence numbers that were acknowledged. */
  readonly acknowledged: Set<number>
}

const startDevice = (
  device: string,
  port: number,
  credentials: Parameters<typeof secureContextOf>[0],
  random: Random,
): LoadedDevice & { stop(): void } => {
  const acknowledged = new Set<number>()
  let seq = 0
  const uplink = createUplink({
    device,
    site: 'north',
    connect: {
      host: '127.0.0.1',
      port,
      serverName: 'localhost',
      credentials,
      secureContext: secureContextOf(credentials),
      keepAliveSeconds: 60,
      connectTimeoutMs: 5_000,
    },
    scheduler: systemScheduler,
    random,
    logger: silentLogger,
    backlogPerSecondMax: 1_000,
    backoffMs: { first: 100, max: 500 },
    onAcknowledged: ({ payload }) => acknowledged.add((JSON.parse(payload.toString()) as { seq: number }).seq),
  })
  uplink.start()
  const timer = setInterval(() => {
    // Always too high, so that there is something to find.
    if (uplink.stats().queued < 200) uplink.send('telemetry', wardwatchJson({ ts: Date.now(), seq: ++seq, vitals: { hr: 72, spo2: 130 } }))
  }, sendEveryMs)
  return { device, uplink, acknowledged, stop: () => clearInterval(timer) }
}

/** Kills at random points under load, then compares what was acknowledged with what is there. The seed decides what is killed and when. */
export const runKillRounds = async (options: {
  readonly seed: number
  readonly rounds: number
  readonly runtime: 'bun' | 'node'
}): Promise<KillRoundsReport> => {
  const { seed, rounds, runtime } = options
  const random = randomFor(seed, 'kill-rounds')
  const data = mkdtempSync(join(tmpdir(), 'ww-kill-'))
  const mqttPort = await freePort()
  const start = (): Promise<PlatformProcess> => startPlatformProcess({ data, mqttPort, runtime, flags: ['--log-level', 'error'] })
  let platform = await start()
  const names = Array.from({ length: deviceCount }, (_, i) => `mon-${i + 1}`)
  const enrolled = await enrolSimulated(
    data,
    names.map((device) => ({ device, site: 'north', ward: 'icu', model: 'test' })),
    () => {},
  )
  if (!enrolled.ok) throw new Error(enrolled.problem)
  const devices = names.map((device) => startDevice(device, mqttPort, enrolled.credentials.get(device)!, randomFor(seed, device)))
  const kills: string[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      await systemScheduler.sleep(random.integer(300, 3_000))
      const target = random.pick(targets)
      kills.push(target)
      if (target === 'everything') {
        await platform.killAll()
        platform = await start()
      } else {
        await platform.killRole(target)
        await untilRunning(platform, target)
      }
    }
    // Each device lies for 15 s before it is found out: the load goes on until all of them were.
    await until(
      'a finding about every device',
      async () => (await countOf(data, 'SELECT toString(uniqExact(device)) AS n FROM findings')) >= deviceCount,
    )
    for (const { stop } of devices) stop()
    await Promise.all(devices.map(({ uplink }) => uplink.drained()))
    const acknowledged = devices.reduce((sum, { acknowledged: own }) => sum + own.size, 0)
    await untilLanded(data, acknowledged)
    await Promise.all(devices.map(({ uplink }) => uplink.stop(0)))

    const rows = await queryRows<{ device: string; seq: string; copies: string }>(
      data,
      'SELECT device, toString(seq) AS seq, toString(count()) AS copies FROM readings GROUP BY device, seq',
    )
    const copies = new Map(rows.map(({ device, seq, copies: count }) => [`${device}/${seq}`, Number(count)]))
    const missing = devices.flatMap(({ device, acknowledged: own }) =>
      [...own].map((seq) => `${device}/${seq}`).filter((name) => !copies.has(name)),
    )
    const doubled = [...copies].filter(([, count]) => count > 1).map(([name]) => name)
    await platform.stop()

    const stopped = await readStoppedPlatform(data)
    // Landed again, because the last findings may have come while the platform stopped.
    platform = await start()
    await untilFindings(data, stopped.findingsInLog.length)
    const [landed] = await queryRows<{ landed: string; distinct: string }>(
      data,
      'SELECT toString(count()) AS landed, toString(uniqExact(id)) AS distinct FROM findings',
    )
    return {
      seed,
      acknowledged,
      kills,
      missing,
      doubled,
      findings: {
        landed: Number(landed!.landed),
        distinct: Number(landed!.distinct),
        inLog: stopped.findingsInLog.length,
        backtested: stopped.findingsBacktested.length,
        sameBytes: stopped.findingsInLog.join('\n') === stopped.findingsBacktested.join('\n'),
      },
      chain: stopped.chain,
      alertCount: stopped.alertCount,
    }
  } finally {
    for (const { stop, uplink } of devices) {
      stop()
      void uplink.stop(0)
    }
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

const untilRunning = (platform: PlatformProcess, name: string): Promise<void> =>
  until(`${name} running again`, async () =>
    (await platform.roles()).some((role) => role.name === name && role.state === 'running' && role.restarts > 0),
  )

const countOf = async (data: string, sql: string): Promise<number> => {
  const [row] = await queryRows<{ n: string }>(data, sql)
  return Number(row?.n ?? 0)
}

const untilLanded = (data: string, acknowledged: number): Promise<void> =>
  until(
    `${acknowledged} readings landed`,
    async () => (await countOf(data, 'SELECT toString(uniqExact(device, seq)) AS n FROM readings')) >= acknowledged,
  )

const untilFindings = (data: string, findings: number): Promise<void> =>
  until(`${findings} findings landed`, async () => (await countOf(data, 'SELECT toString(uniqExact(id)) AS n FROM findings')) >= findings)
