import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bunBinary } from '../app/runtime-binaries.mjs'
import { ensureConsole, firstScreenJsGzipBytes } from '../dashboards/console/build.mjs'
import { benchConsoleSessions } from './console-sessions.ts'
import { benchDesk } from './desk.ts'
import { benchEventToPixel } from './event-to-pixel.ts'
import { benchEdge, type EdgeShapeFigures } from './edge.ts'
import { edgeShapes } from './edge-run.ts'
import { benchHost } from './host.ts'
import { benchLanding } from './landing.ts'
import { type BenchRow, benchOnKafka, kafkaParts } from './kafka-sections.ts'
import { machineFacts } from './machine-facts.ts'
import { benchPublishToFinding } from './publish-to-finding.ts'

const usage =
  'npm run bench -- [--json FILE] [--only edge,finding,host,landing,desk,sessions,pixel] [--seconds N] [--repeats N] [--desk-readings N] [--keep DIR]\n' +
  'npm run bench -- --kafka [--json FILE] [--only edge,finding,host,landing,takeover,blobs,wide] [--seconds N] [--repeats N]\n'
const parts = ['edge', 'finding', 'host', 'landing', 'desk', 'sessions', 'pixel'] as const

const read = () => {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        only: { type: 'string' },
        seconds: { type: 'string', default: '8' },
        repeats: { type: 'string', default: '3' },
        'desk-readings': { type: 'string', default: '50000000' },
        keep: { type: 'string' },
        kafka: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const allowed: readonly string[] = values.kafka ? kafkaParts : parts
    const only = values.only?.split(',') ?? allowed
    const wrong = only.find((part) => !allowed.includes(part))
    if (wrong !== undefined) throw new RangeError(`--only ${wrong}: one of ${allowed.join(', ')} is allowed`)
    const [seconds, repeats] = [Number(values.seconds), Number(values.repeats)]
    if (!(seconds >= 1 && seconds <= 600)) throw new RangeError(`--seconds ${values.seconds}: from 1 to 600`)
    if (!(Number.isInteger(repeats) && repeats >= 1 && repeats <= 50))
      throw new RangeError(`--repeats ${values.repeats}: a whole number from 1 to 50`)
    const deskReadings = Number(values['desk-readings'])
    if (!(Number.isInteger(deskReadings) && deskReadings >= 100_000 && deskReadings <= 500_000_000))
      throw new RangeError(`--desk-readings ${values['desk-readings']}: a whole number from 100,000 to 500,000,000`)
    return { only, seconds, repeats, deskReadings, keep: values.keep, kafka: values.kafka, json: values.json, help: values.help === true }
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`)
    process.exit(2)
  }
}

const options = read()
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}

const rows: (readonly [string, string, string])[] = []
const figures: Record<string, unknown> = { machine: machineFacts() }
const row = (what: string, value: number | null, unit: string, bar: string): void => {
  rows.push([
    what,
    value === null
      ? 'not measured: no mosquitto or no Chromium here'
      : `${value.toLocaleString('en', { maximumFractionDigits: 2 })} ${unit}`,
    bar,
  ])
}
const progress = (line: string): void => void process.stderr.write(`${line}\n`)

for (const [name, value] of Object.entries(machineFacts())) process.stdout.write(`${name.padEnd(16)} ${value ?? 'none'}\n`)

if (options.kafka) {
  const told = ({ what, value, unit, bar = '' }: BenchRow): void => row(what, value, unit, bar)
  Object.assign(figures, await benchOnKafka({ ...options, progress, row: told }))
}
const embedded: readonly string[] = options.kafka ? [] : options.only
if (embedded.includes('edge')) {
  const bun = bunBinary()
  const edge = await benchEdge({
    edgeRuntime: bun ?? process.execPath,
    loadRuntime: bun ?? process.execPath,
    secondsPerRun: options.seconds,
    repeats: options.repeats,
    shapes: edgeShapes,
    log: 'lmdb',
    progress,
  })
  const ratio = (shape: EdgeShapeFigures | undefined): number | null => shape?.ratio ?? null
  const [window4, window1, fleet] = [edge.window4, edge.window1, edge.fleet]
  Object.assign(figures, {
    edgeVsMosquittoWindow4: ratio(window4),
    edgeVsMosquittoWindow1: ratio(window1),
    edgeVsMosquittoFleet: ratio(fleet),
    edgeKbPerConnection: fleet?.edge.kbPerConnection ?? null,
    edge,
  })
  const load = (shape: EdgeShapeFigures | undefined): string =>
    shape === undefined
      ? ''
      : ` (${Math.round(shape.edge.messagesPerCpuSecond)} against ${Math.round(shape.mosquitto?.messagesPerCpuSecond ?? 0)} messages per CPU-second)`
  row(`edge beside mosquitto, 1,000 connections, window 4${load(window4)}`, ratio(window4), 'x', '1.5')
  row(`edge beside mosquitto, 1,000 connections, window 1${load(window1)}`, ratio(window1), 'x', '0.8')
  row(`edge beside mosquitto, 5,000 connections at 2/s${load(fleet)}`, ratio(fleet), 'x', '0.6')
  row('edge, memory a connection at 5,000', fleet?.edge.kbPerConnection ?? null, 'kB', '40 at most')
}
if (embedded.includes('finding')) {
  const finding = await benchPublishToFinding()
  Object.assign(figures, finding)
  row(
    `publish to finding, p50 (at ${finding.messagesPerSecond} messages/s, ${finding.findings} findings)`,
    finding.publishToFindingP50Ms,
    'ms',
    '',
  )
  row('publish to finding, p99', finding.publishToFindingP99Ms, 'ms', 'under 100')
}
if (embedded.includes('host')) {
  const host = benchHost({ runs: options.repeats })
  Object.assign(figures, {
    hostObservationsPerCpuSecond: host.hostObservationsPerCpuSecond,
    stateBytesPerDevice: host.stateBytesPerDevice,
    host: host.runs,
  })
  row(
    'detector host, ten detectors, from the log, with checkpoints',
    host.hostObservationsPerCpuSecond,
    'observations per CPU-second',
    '300,000',
  )
  row('detector state', host.stateBytesPerDevice, 'bytes a device', '4,096 at most')
}
if (embedded.includes('landing')) {
  const landing = await benchLanding()
  Object.assign(figures, { landedMessagesPerCpuSecond: landing.landedMessagesPerCpuSecond, landing })
  row('landing in ClickHouse', landing.landedMessagesPerCpuSecond, 'messages per CPU-second', '100,000')
}
if (embedded.includes('desk')) {
  const desk = await benchDesk({ readings: options.deskReadings, keep: options.keep, progress })
  const { alertListP95Ms, alertDetailP95Ms, searchP95Ms, stored } = desk
  Object.assign(figures, { alertListP95Ms, alertDetailP95Ms, searchP95Ms, desk })
  const held = `${stored.readings.toLocaleString('en')} readings, ${stored.findings.toLocaleString('en')} findings, ${stored.alerts.toLocaleString('en')} alerts`
  row(`alert list over HTTP, p95 (${held})`, alertListP95Ms, 'ms', 'under 50')
  row("an alert's detail with its signals, p95", alertDetailP95Ms, 'ms', 'under 200')
  row('a search, p95', searchP95Ms, 'ms', 'under 200')
}
if (embedded.includes('sessions')) {
  const sessions = await benchConsoleSessions()
  Object.assign(figures, { ackP99WithSessionsRatio: sessions.ackP99WithSessionsRatio, sessions })
  row(
    `ack p99 with ${sessions.sessions} console sessions over without, at ${sessions.messagesPerSecond} messages/s`,
    sessions.ackP99WithSessionsRatio,
    'x',
    '1.1 at most',
  )
}
if (embedded.includes('pixel')) {
  const pixel = await benchEventToPixel()
  const built = await ensureConsole({ log: () => {} })
  if (!built.ok) throw new Error(built.problem)
  const firstScreenBytes = firstScreenJsGzipBytes()
  Object.assign(figures, {
    eventToPixelP50Ms: pixel?.eventToPixelP50Ms ?? null,
    eventToPixelP99Ms: pixel?.eventToPixelP99Ms ?? null,
    firstScreenJsGzipBytes: firstScreenBytes,
    pixel,
  })
  const load = pixel === null ? '' : ` (at ${pixel.messagesPerSecond} messages/s, ${pixel.rows} alerts)`
  row(`publish to the alert's row in the browser, p50${load}`, pixel?.eventToPixelP50Ms ?? null, 'ms', '')
  row("publish to the alert's row in the browser, p99", pixel?.eventToPixelP99Ms ?? null, 'ms', 'under 400')
  row('JavaScript of the first screen, gzip', firstScreenBytes / 1_000, 'kB', 'under 150')
}

const width = Math.max(...rows.map(([what]) => what.length))
process.stdout.write('\n')
for (const [what, value, bar] of rows) process.stdout.write(`${what.padEnd(width)}  ${value}${bar === '' ? '' : `  (bar: ${bar})`}\n`)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`)
process.exit(0)
