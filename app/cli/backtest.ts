import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodeMessage, encodeMessageHeader } from '../../contracts/envelope.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import type { Finding } from '../../contracts/finding.ts'
import { topicByKey } from '../../contracts/log-topics.ts'
import { loadDetectors } from '../../detectors/registry.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { recordingToPayload } from '../../simulators/recording/payload.ts'
import type { Recording } from '../../simulators/recording/read-recording.ts'
import { type BacktestBatch, runBacktest } from '../../stream/host/backtest.ts'
import { compareFindings, findingLine } from '../../stream/host/finding-line.ts'
import { openConfiguredLog } from '../open-configured-log.ts'
import { runtimeCommand } from '../runtimes.ts'
import { checkSettings } from './check-settings.ts'
import { BadCall, type Call, type Command } from './command.ts'
import { mapFlag, recordingOf } from './recording-of.ts'
import { configOf, settingsFlags } from './settings-flags.ts'

export const backtestCommand: Command = {
  name: 'backtest',
  summary: "puts recordings, or the platform's own log, through the detectors; findings as JSON lines",
  usage: 'FILE --map MAP | --log',
  example: 'npx wardwatch backtest bidmc.csv.gz --map simulators/recording/mappings/bidmc-numerics.json > findings.jsonl',
  flags: {
    ...settingsFlags,
    ...mapFlag,
    log: { help: "reads the data directory's log instead of a file: the findings of the live run, byte for byte" },
  },
  positionalsMax: 1,
  async run(call) {
    const config = configOf(call)
    await checkSettings(config)
    if (config.runtime === 'bun' && process.versions['bun'] === undefined) return runAgainOnBun()
    const fromLog = call.flags['log'] === true
    if (fromLog === (call.positionals.length === 1)) throw new BadCall('backtest takes a FILE with --map MAP, or --log')
    const findings: Finding[] = []
    const collect = async (batches: AsyncIterable<BacktestBatch>, timeline: 'recorded' | 'simulated'): Promise<void> => {
      const stages = await loadDetectors()
      for await (const finding of runBacktest({
        batches,
        timeline,
        ...stages,
        decoder: createEnvelopeDecoder(),
        parameters: config.detectors,
        onFault: reportFault,
      })) {
        findings.push(finding)
        if (findings.length > findingsMax) throw new RangeError(`more than ${findingsMax} findings: backtest a shorter stretch`)
      }
    }
    if (fromLog) {
      const log = await logOf(call)
      try {
        await collect(logBatches(log), 'recorded')
      } finally {
        await log.close()
      }
    } else await collect(recordingBatches(await recordingOf(call)), 'simulated')
    for (const finding of findings.sort(compareFindings)) process.stdout.write(`${findingLine(finding)}\n`)
    return 0
  },
}

const findingsMax = 5_000_000

const reportFault = ({ stage, key, error }: { stage: string; key: string; error: unknown }): void => {
  process.stderr.write(`wardwatch: the detector ${stage} failed on ${key}: ${error instanceof Error ? error.message : String(error)}\n`)
}

/** The log of a data directory, to be read only: also while its platform runs. */
const logOf = async (call: Call): Promise<EventLog> => {
  const config = configOf(call)
  if (config.log.kind === 'lmdb' && !existsSync(join(config.data, 'log')))
    throw new BadCall(`${config.data} holds no log: name the data directory with --data`)
  const opened = await openConfiguredLog(config)
  if (!opened.ok) throw new BadCall(opened.problem)
  return opened.log
}

const logBatches = async function* (log: EventLog): AsyncGenerator<BacktestBatch> {
  for (const { topic, partition, earliest, next } of await log.ranges(Object.values(topicByKey))) {
    if (next > earliest) yield* log.read(topic, partition, earliest, next)
  }
}

const batchMessages = 1_000

/** A recording as the broker would have logged it, had each message come at the time it carries. */
const recordingBatches = async function* (recording: Recording): AsyncGenerator<BacktestBatch> {
  const headers = new Map<string, Buffer>()
  let records: { offset: number; key: string; value: Buffer }[] = []
  let offset = 0
  for (const message of recording) {
    const { device, site, model, ts } = message
    const header = headers.get(device) ?? encodeMessageHeader({ leaf: 'telemetry', site, device, model, session: 'recording' })
    headers.set(device, header)
    records.push({ offset: offset++, key: device, value: encodeMessage(header, recordingToPayload(message), ts, false) })
    if (records.length === batchMessages) {
      yield { topic: 'observations.by-device.v1', partition: 0, records }
      records = []
    }
  }
  if (records.length > 0) yield { topic: 'observations.by-device.v1', partition: 0, records }
}

/** The same command line on the other runtime. */
const runAgainOnBun = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const [binary, ...before] = runtimeCommand('detect', 'bun')
    const child = spawn(binary, [...before, ...process.argv.slice(1)], { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
