import { type Config, configSchema } from '../../app/config.ts'
import { withStoppedLog } from '../../app/stopped-log.ts'
import type { EventLog } from '../../contracts/event-log.ts'
import { type Finding, finding } from '../../contracts/finding.ts'
import { topicByKey } from '../../contracts/log-topics.ts'
import { loadDetectors } from '../../detectors/registry.ts'
import { createEnvelopeDecoder } from '../../ingest/envelope-decoder.ts'
import { type BacktestBatch, runBacktest } from '../../stream/host/backtest.ts'
import { compareFindings, findingLine } from '../../stream/host/finding-line.ts'
import { createCaseFold } from '../../triage/group/fold.ts'
import { restore } from '../../triage/restore.ts'
import { verifyChain } from '../../triage/verify/verify-chain.ts'

export interface StoppedPlatform {
  /** Canonical lines in canonical order, a repeat after a crash taken out. */
  readonly findingsInLog: readonly string[]
  /** Findings that stand in the log again, and those of them that do not say the same again. */
  readonly repeats: number
  readonly contradictions: readonly string[]
  readonly findingsBacktested: readonly string[]
  readonly chain: { readonly ok: boolean; readonly events: number; readonly problem: string }
  /** Findings counted in all alerts together. */
  readonly alertCount: number
}

/** What a log holds: its findings beside those of a backtest over the same records, and the chain. */
const readPlatformLog = async (log: EventLog): Promise<StoppedPlatform> => {
  const inLog = new Map<string, Finding>()
  const contradictions: string[] = []
  let repeats = 0
  for (const { topic, partition, earliest, next } of await log.ranges(['findings.v1'])) {
    if (next === earliest) continue
    for await (const batch of log.read(topic, partition, earliest, next))
      for (const record of batch.records) {
        const parsed = finding.parse(JSON.parse(Buffer.from(record.value).toString('utf8')))
        const before = inLog.get(parsed.id)
        if (before !== undefined) {
          repeats++
          if (findingLine(before) !== findingLine(parsed)) contradictions.push(parsed.id)
        }
        inLog.set(parsed.id, parsed)
      }
  }
  const batches = async function* (): AsyncGenerator<BacktestBatch> {
    for (const { topic, partition, earliest, next } of await log.ranges(Object.values(topicByKey)))
      if (next > earliest) yield* log.read(topic, partition, earliest, next)
  }
  const backtested: Finding[] = []
  for await (const one of runBacktest({
    batches: batches(),
    timeline: 'recorded',
    ...(await loadDetectors()),
    decoder: createEnvelopeDecoder(),
  }))
    backtested.push(one)
  const report = await verifyChain(log)
  const fold = createCaseFold()
  if (report.ok) await restore(log, fold)
  return {
    findingsInLog: [...inLog.values()].sort(compareFindings).map(findingLine),
    repeats,
    contradictions,
    findingsBacktested: backtested.sort(compareFindings).map(findingLine),
    chain: report.ok ? { ok: true, events: report.events, problem: '' } : { ok: false, events: report.sequence, problem: report.problem },
    alertCount: fold.newest(Infinity).reduce((sum, { count }) => sum + count, 0),
  }
}

/** Reads what a stopped platform left: of the settings' log, whose data directory nobody else has. */
export const readConfiguredPlatform = async (config: Config): Promise<StoppedPlatform> => {
  const read = await withStoppedLog(config, readPlatformLog)
  if (!read.ok) throw new Error(read.problem)
  return read.value
}

/** The same of a platform on the embedded log. */
export const readStoppedPlatform = (data: string): Promise<StoppedPlatform> => readConfiguredPlatform(configSchema.parse({ data }))
