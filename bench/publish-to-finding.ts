import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configSchema } from '../app/config.ts'
import { readKafkaLog } from '../app/kafka-log-settings.ts'
import { deriveKey } from '../app/master-key.ts'
import { startPlatform } from '../app/platform.ts'
import { openLog } from '../app/roles/open-log.ts'
import { runtimeCommand } from '../app/runtimes.ts'
import { enrolSimulated } from '../app/simulated-credentials.ts'
import { messageParts } from '../contracts/envelope.ts'
import type { EventLog } from '../contracts/event-log.ts'
import { type Finding, finding } from '../contracts/finding.ts'
import { silentLogger } from '../contracts/logger.ts'
import type { LogTopicName } from '../contracts/log-topics.ts'
import { planFleet } from '../simulators/fleet.ts'
import type { FindingLoadPlan } from './finding-load.ts'

export interface PublishToFindingFigures {
  readonly publishToFindingP50Ms: number
  readonly publishToFindingP99Ms: number
  readonly findings: number
  readonly messagesPerSecond: number
}

/** The device's clock in the payload of the record that triggered it: when it was published. */
export const publishedAt = async (log: EventLog, { position }: Finding): Promise<number | null> => {
  for await (const batch of log.read(position.topic as LogTopicName, position.partition, position.offset, position.offset + 1)) {
    const record = batch.records.find(({ offset }) => offset === position.offset)
    const parts = record === undefined ? null : messageParts(record.value)
    if (parts === null) return null
    return (JSON.parse(Buffer.from(parts.payload).toString('utf8')) as { ts: number }).ts
  }
  return null
}

/** The whole platform under 5,000 messages/s over mTLS; from a device's clock at publish to the finding's being readable in findings.v1 by another process. */
export const benchPublishToFinding = async ({
  devices = 1_000,
  perSecond = 5,
  liars = 250,
  seconds = 40,
  kafka,
}: {
  readonly devices?: number
  readonly perSecond?: number
  readonly liars?: number
  readonly seconds?: number
  /** The log on Kafka instead. */
  readonly kafka?: { readonly brokers: readonly string[]; readonly topicPrefix: string }
} = {}): Promise<PublishToFindingFigures> => {
  const data = mkdtempSync(join(tmpdir(), 'ww-bench-'))
  const seed = 11
  const log =
    kafka === undefined
      ? {}
      : { kind: 'kafka', kafka: { ...kafka, tls: false, createTopics: true, replicationFactor: 1, minInsyncReplicas: 1 } }
  const config = configSchema.parse({ data, mqtt: { port: 0 }, metrics: { port: 0 }, desk: { port: 0 }, logLevel: 'error', log })
  const started = await startPlatform({
    config,
    masterKeyFromEnvironment: undefined,
    logger: silentLogger,
    logFile: null,
    onProgress: () => {},
  })
  if (!started.ok) throw new Error(started.problem)
  const { platform } = started
  try {
    const fleet = planFleet({ seed, devices })
    const enrolled = await enrolSimulated(data, fleet.devices, () => {})
    if (!enrolled.ok) throw new Error(enrolled.problem)
    const key = Buffer.from(readFileSync(join(data, 'master.key'), 'utf8').trim(), 'hex')
    const settings = readKafkaLog(config.log)
    if (!settings.ok) throw new Error(settings.problem)
    const logPlan = { data, logKeys: [deriveKey(key, 'log').toString('hex')], kafka: settings.options, retention: null }
    const reading = await openLog(logPlan, silentLogger)
    const seen: { readonly one: Finding; readonly atMs: number }[] = []
    const consumer = await reading.consume({
      topics: ['findings.v1'],
      group: 'bench',
      onAssigned: async (partitions) => partitions.map(() => 'latest'),
      async onBatch({ records }) {
        const atMs = Date.now()
        for (const { value } of records) seen.push({ one: finding.parse(JSON.parse(Buffer.from(value).toString('utf8'))), atMs })
      },
    })
    const plan: FindingLoadPlan = {
      port: platform.mqttPort!,
      devices,
      perSecond,
      seed,
      liars,
      seconds,
      credentials: Object.fromEntries(enrolled.credentials),
    }
    const load = await runLoad(plan)
    await consumer.close()
    const delays: number[] = []
    for (const { one, atMs } of seen) {
      if (one.detector !== 'implausible-vitals') continue
      const at = await publishedAt(reading, one)
      if (at !== null) delays.push(atMs - at)
    }
    await reading.close()
    delays.sort((a, b) => a - b)
    const quantile = (q: number): number => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))] ?? Number.NaN
    return {
      publishToFindingP50Ms: quantile(0.5),
      publishToFindingP99Ms: quantile(0.99),
      findings: delays.length,
      messagesPerSecond: load.messagesPerSecond,
    }
  } finally {
    await platform.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

/** The load of `finding-load.ts` in a process of its own. */
export const runLoad = (plan: FindingLoadPlan): Promise<{ messagesPerSecond: number }> =>
  new Promise((resolve, reject) => {
    const [binary, ...before] = runtimeCommand('edge', 'bun')
    const child = spawn(binary, [...before, fileURLToPath(new URL('./finding-load.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.once('exit', (code) =>
      code === 0
        ? resolve(JSON.parse(said.trim().split('\n').at(-1)!) as { messagesPerSecond: number })
        : reject(new Error(`the load ended with ${code}`)),
    )
    child.stdin.end(JSON.stringify(plan))
  })
