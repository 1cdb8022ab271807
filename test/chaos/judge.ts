import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../app/config.ts'
import { ask } from '../../app/control/client.ts'
import type { Alert } from '../../contracts/alert.ts'
import type { Finding } from '../../contracts/finding.ts'
import { logTopics, topicByKey } from '../../contracts/log-topics.ts'
import type { Distributed } from '../platform/distributed.ts'
import { queryRows } from '../platform/query-rows.ts'
import { readConfiguredPlatform, type StoppedPlatform } from '../platform/stopped-platform.ts'
import { until } from '../platform/until.ts'
import { compareOnce, compareReadings, type ReadingsCompared } from './compare.ts'
import type { RecordingFleet } from './recording-fleet.ts'

export interface Verdict extends ReadingsCompared {
  readonly acknowledged: number
  readonly redelivered: number
  readonly findings: {
    readonly inLog: number
    readonly repeats: number
    /** Repeats in the log that say something else. */
    readonly contradictions: readonly string[]
    readonly backtested: number
    /** Lines of the log and of the backtest that the other has not. */
    readonly onlyInLog: readonly string[]
    readonly onlyBacktested: readonly string[]
    readonly landed: number
    /** Landed rows that are not the log's findings word for word, or that are not there, or there twice. */
    readonly landedOtherwise: readonly string[]
    readonly byDetector: Readonly<Record<string, number>>
  }
  readonly chain: { readonly ok: boolean; readonly events: number; readonly problem: string }
  /** Findings that the alerts in the chain count, and those that the desk's alerts count. */
  readonly alertCount: number
  readonly deskAlertCount: number
}

const patienceMs = 120_000
const partitionsWanted = Object.values(topicByKey).reduce((sum, topic) => sum + logTopics[topic].partitions, 0)

/** Findings go on coming until the last record was read: then no partition lags and nothing waits. */
const untilDetected = async (platform: Distributed): Promise<void> => {
  let figures: readonly string[] = []
  const detected = async (): Promise<boolean> => {
    const lag = new Map<string, number>()
    for (const name of platform.running())
      for (const { kind, stats } of await platform.machine(name).roles()) {
        if (kind !== 'detect') continue
        for (const table of ['lagByPartition', 'waiting'])
          for (const [partition, count] of Object.entries((stats?.[table] ?? {}) as Record<string, number>))
            lag.set(partition, (lag.get(partition) ?? 0) + count)
      }
    figures = [...lag].filter(([, count]) => count > 0).map(([partition, count]) => `${partition}: ${count}`)
    if (lag.size < partitionsWanted) figures = [`${lag.size} of ${partitionsWanted} partitions are somebody's`]
    return figures.length === 0
  }
  await until('the detectors have read everything', detected, patienceMs).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}: ${figures.join('; ')}`)
  })
}

const readLog = async (platform: Distributed): Promise<StoppedPlatform> => {
  const data = mkdtempSync(join(tmpdir(), 'ww-judge-'))
  try {
    const loaded = loadConfig({ flags: { ...platform.settings, data }, environment: {} })
    if (!loaded.ok) throw new Error(loaded.problem)
    return await readConfiguredPlatform(loaded.config)
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

const wordsOf = ({ id, detector, device, score, why, evidence }: Omit<Finding, 'evidence'> & { readonly evidence: unknown }): string =>
  JSON.stringify([id, detector, device, score, why, evidence])

const landedReadings = async (platform: Distributed): Promise<ReadonlyMap<string, readonly number[]>> => {
  const rows = await queryRows<{ device: string; seqs: readonly (string | number)[] }>(
    platform.deskData,
    "SELECT device, groupArray(seq) AS seqs FROM readings WHERE device LIKE 'dev-%' GROUP BY device",
  )
  return new Map(rows.map(({ device, seqs }) => [device, seqs.map(Number)]))
}

const countReadings = async (platform: Distributed): Promise<number> =>
  Number(
    (
      await queryRows<{ n: string }>(
        platform.deskData,
        "SELECT toString(uniqExact(device, seq)) AS n FROM readings WHERE device LIKE 'dev-%'",
      )
    )[0]?.n ?? 0,
  )

/**
 * What stands at the end, beside what was promised. The fleet has been drained. Edges go first, so that the log ends; then what reads it is
 * waited for, and each part's account is held against the others'. The desk and the sink still run afterwards.
 */
export const judge = async (
  platform: Distributed,
  fleet: RecordingFleet,
  parts: { readonly edges: readonly string[]; readonly detects: readonly string[] },
): Promise<Verdict> => {
  const acknowledged = fleet.acknowledged()
  for (const edge of parts.edges) await platform.leave(edge)
  await untilDetected(platform)
  for (const detect of parts.detects) await platform.leave(detect)
  const log = await readLog(platform)
  const findings = log.findingsInLog.map((line) => JSON.parse(line) as Finding)

  // What is missing is for the verdict to say, so waiting for it ends without an error.
  let landed: readonly Finding[] = []
  const allLanded = async (): Promise<boolean> => {
    landed = (
      await queryRows<Finding & { evidence: string }>(
        platform.deskData,
        'SELECT id, detector, device, score, why, evidence FROM findings ORDER BY id',
      )
    ).map((row) => ({ ...row, evidence: JSON.parse(row.evidence) as Finding['evidence'] }))
    return landed.length >= findings.length && (await countReadings(platform)) >= acknowledged
  }
  await until('all has landed', allLanded, patienceMs).catch(() => {})
  let deskAlertCount = 0
  const allFolded = async (): Promise<boolean> => {
    const answer = await ask<{ alerts: readonly Alert[] }>(platform.deskData, 'alerts', { limit: 10_000 })
    if (answer.ok) deskAlertCount = answer.value.alerts.reduce((sum, { count }) => sum + count, 0)
    return deskAlertCount >= findings.length
  }
  await until('all findings are in alerts', allFolded, patienceMs).catch(() => {})
  const last = await readLog(platform)

  // Once more, at the very end: a double may have come late.
  await allLanded()
  const [inLog, backtested] = [new Set(last.findingsInLog), new Set(last.findingsBacktested)]
  const byDetector: Record<string, number> = {}
  for (const { detector } of findings) byDetector[detector] = (byDetector[detector] ?? 0) + 1
  return {
    acknowledged,
    ...compareReadings(fleet.devices, await landedReadings(platform)),
    redelivered: fleet.redelivered(),
    findings: {
      inLog: last.findingsInLog.length,
      repeats: last.repeats,
      contradictions: last.contradictions,
      backtested: last.findingsBacktested.length,
      onlyInLog: last.findingsInLog.filter((line) => !backtested.has(line)),
      onlyBacktested: last.findingsBacktested.filter((line) => !inLog.has(line)),
      landed: landed.length,
      landedOtherwise: compareOnce(findings.map(wordsOf), landed.map(wordsOf)),
      byDetector,
    },
    chain: last.chain,
    alertCount: last.alertCount,
    deskAlertCount,
  }
}
