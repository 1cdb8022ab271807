import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../contracts/clock.ts'
import { encodeMessage, encodeMessageHeader } from '../contracts/envelope.ts'
import { silentLogger } from '../contracts/logger.ts'
import { createEnvelopeDecoder } from '../ingest/envelope-decoder.ts'
import { createRedeliveryFilter } from '../ingest/redelivery.ts'
import { rollUp } from '../store/landing/roll-up.ts'
import { sinkSettings } from '../store/landing/settings.ts'
import { openStore, storeSettings } from '../store/open.ts'
import { readRows } from '../store/read-rows.ts'
import { createSink } from '../store/sink.ts'
import { type BenchLog, lmdbBenchLog, openBenchLog } from './bench-log.ts'

export interface LandingFigures {
  /** Whole process: log batch read and unsealed, decoded, redelivery-checked, inserted into the encrypted store with its merges, minutes computed. */
  readonly landedMessagesPerCpuSecond: number
  readonly messages: number
  readonly cpuSeconds: number
  readonly rollUpCpuSeconds: number
  readonly bytesOnDiskPerMessage: number
  /** Of a row of the roll-up: a vital of a device's minute. */
  readonly bytesOnDiskPerMinute: number
  readonly rssMegabytes: number
}

/** A wearable's message: 222 bytes with six vitals. */
const payload = (device: number, n: number): string => {
  const vitals = {
    hr: 60 + (n % 47),
    spo2: 91 + (n % 9),
    resp: 11 + (n % 10),
    temp: 36 + (n % 19) / 10,
    abpSys: 108 + (n % 31),
    abpDia: 65 + (n % 23),
  }
  const text = JSON.stringify({ ts: 1_795_466_400_000 + n * 500, seq: n, fw: '2.4.1', bat: 100 - (n % 80), boot: `b-${device}`, vitals })
  return `${text.slice(0, -1)},"note":"${'.'.repeat(Math.max(0, 222 - text.length - 10))}"}`
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** 5,000 devices, log batches of 10,000 messages of 222 bytes, on an encrypted store in a temporary directory. */
export const benchLanding = async ({
  messages = 500_000,
  devices = 5_000,
  log: plan,
}: { readonly messages?: number; readonly devices?: number; readonly log?: BenchLog } = {}): Promise<LandingFigures> => {
  const directory = mkdtempSync(join(tmpdir(), 'wardwatch-landing-'))
  const key = Buffer.alloc(32, 7)
  const log = await openBenchLog(plan ?? lmdbBenchLog(join(directory, 'log')))
  const topic = 'observations.by-device.v1'
  const headers = Array.from({ length: devices }, (_, d) =>
    encodeMessageHeader({
      leaf: 'telemetry',
      site: `ward-${d % 20}`,
      device: `dev-${d}`,
      model: 'wearable-x',
      session: createHash('sha256').update(`session ${d}`).digest('hex').slice(0, 26),
    }),
  )
  for (let n = 0; n < messages; n += 10_000) {
    const records = Array.from({ length: 10_000 }, (_, i) => {
      const [device, turn] = [(n + i) % devices, Math.floor((n + i) / devices)]
      const value = encodeMessage(headers[device]!, Buffer.from(payload(device, turn)), 1_795_466_400_000 + turn * 500, false)
      return { key: `dev-${device}`, value, partition: (n / 10_000) % 4 }
    })
    await log.append(topic, records)
  }
  const opened = await openStore({
    directory: join(directory, 'store'),
    key,
    settings: storeSettings.parse({}),
    logger: silentLogger,
    clock: systemClock,
  })
  if (!opened.ok) throw new Error(opened.detail)
  const { store } = opened
  const sink = createSink({
    log,
    store,
    decoder: createEnvelopeDecoder(),
    redelivery: createRedeliveryFilter(),
    clock: systemClock,
    logger: silentLogger,
    settings: sinkSettings.parse({ rollUpMs: 0 }),
  })
  try {
    const begun = cpuSeconds()
    await sink.start()
    while ((sink.stats().rowsByTable['readings'] ?? 0) < messages) await new Promise((resolve) => setTimeout(resolve, 20))
    const landed = cpuSeconds()
    await rollUp(store.query)
    const rolledUp = cpuSeconds()
    // What is being merged is part of the price.
    while ((await readRows<[number]>(store.query, 'SELECT count() FROM system.merges'))[0]![0] > 0)
      await new Promise((resolve) => setTimeout(resolve, 50))
    const done = cpuSeconds()
    const sizeOf = async (table: string): Promise<{ readonly bytes: number; readonly rows: number }> => {
      const [size] = await readRows<[number, number]>(
        store.query,
        `SELECT sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`,
      )
      return { bytes: size![0], rows: size![1] }
    }
    const minutes = await sizeOf('readings_by_minute')
    return {
      landedMessagesPerCpuSecond: Math.round(messages / (done - begun)),
      messages,
      cpuSeconds: done - begun,
      rollUpCpuSeconds: rolledUp - landed,
      bytesOnDiskPerMessage: Math.round((await sizeOf('readings')).bytes / messages),
      bytesOnDiskPerMinute: Math.round(minutes.bytes / Math.max(1, minutes.rows)),
      rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
    }
  } finally {
    await sink.close()
    await store.close()
    await log.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
