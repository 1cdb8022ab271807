import { configSchema } from '../../app/config.ts'
import { withStoppedLog } from '../../app/stopped-log.ts'
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
  readonly findingsBacktested: readonly string[]
  readonly chain: { readonly ok: boolean; readonly events: number; readonly problem: string }
  /** Findings counted in all alerts together. */
  readonly alertCount: number
}

/** Reads what a stopped platform left: its findings beside those of a backtest over the same records, and the chain. */
export const readStoppedPlatform = async (data: string): Promise<StoppedPlatform> => {
  const read = await withStoppedLog(configSchema.parse({ data }), async (log): Promise<StoppedPlatform> => {
    const inLog = new Map<string, Finding>()
    for (const { topic, partition, earliest, next } of await log.ranges(['findings.v1'])) {
      if (next === earliest) continue
      for await (const batch of log.read(topic, partition, earliest, next))
        for (const record of batch.records) {
          const parsed = finding.parse(JSON.parse(Buffer.from(record.value).toString('utf8')))
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
      findingsBacktested: backtested.sort(compareFindings).map(findingLine),
      chain: report.ok ? { ok: true, events: report.events, problem: '' } : { ok: false, events: report.sequence, problem: report.problem },
      alertCount: fold.newest(Infinity).reduce((sum, { count }) => sum + count, 0),
    }
  })
  if (!read.ok) throw new Error(read.problem)
  return read.value
}
