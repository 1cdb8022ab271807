import { systemClock } from '../contracts/clock.ts'
import { type Evidence, type Finding, findingId, type Severity } from '../contracts/finding.ts'
import { caseRow, findingRow } from '../store/landing/rows.ts'
import { timeText } from '../store/landing/stored-values.ts'
import type { Store } from '../store/open.ts'
import { openLmdbLog } from '../stream/lmdb/open-lmdb-log.ts'
import { createSealer } from '../stream/seal.ts'
import { type Draft, sealLink } from '../triage/chain.ts'
import { clockSettings } from '../triage/clocks/settings.ts'
import { createCaseFold } from '../triage/group/fold.ts'
import { groupFinding } from '../triage/group/group-finding.ts'
import { benchDevice, benchKey, dice, type DeskScale } from './desk-scale.ts'

interface Plan {
  readonly detector: string
  readonly device: string
  readonly site: string
  readonly evidence: readonly Evidence[]
  readonly severity: Severity
  readonly startMs: number
  readonly findings: number
  readonly outcome: 'new' | 'acknowledged' | 'snoozed' | 'closed'
}

const severities = ['low', 'medium', 'medium', 'high', 'high', 'critical'] as const
const text = (feature: string, observed: string | number, expected: string | number, unit: string): Evidence => ({
  feature,
  observed,
  expected,
  unit,
})

/** Which detectors find something, by their share; what it is about by the n-th device. */
const stories: readonly { readonly detector: string; readonly share: number; of(n: number): { device: string; evidence: Evidence[] } }[] = [
  { detector: 'level-shift', share: 0.3, of: (n) => ({ device: benchDevice(n).device, evidence: [text(benchDevice(n).vitals[n % 2]!, 180, 70, 'bpm')] }) },
  { detector: 'implausible-vitals', share: 0.2, of: (n) => ({ device: benchDevice(n).device, evidence: [text(`change of ${benchDevice(n).vitals[0]!}`, 180, 70, 'bpm')] }) },
  { detector: 'silence', share: 0.15, of: (n) => ({ device: n % 50 === 0 ? `site:${benchDevice(n).site}` : benchDevice(n).device, evidence: [text('not heard for', 90_000, benchDevice(n).spacingMs, 'ms')] }) },
  { detector: 'flood', share: 0.1, of: (n) => ({ device: benchDevice(n).device, evidence: [text('readings', 500, 5, '1/10 s')] }) },
  { detector: 'replay', share: 0.05, of: (n) => ({ device: benchDevice(n).device, evidence: [text('replayed readings', 9, 0, '1/10 min')] }) },
  { detector: 'credential-brute-force', share: 0.06, of: (n) => ({ device: `address:10.6.${Math.floor(n / 250) % 4}.${n % 250}`, evidence: [text('refused sign-ins', 20, 10, '1/min')] }) },
  { detector: 'identity-spraying', share: 0.02, of: (n) => ({ device: `address:10.6.${Math.floor(n / 250) % 4}.${n % 250}`, evidence: [text('identities refused', 20, 8, '1/min')] }) },
  { detector: 'rogue-device', share: 0.04, of: (n) => ({ device: benchDevice(n).device, evidence: [text('address', `10.6.0.${n % 250}`, 'none', 'address')] }) },
  { detector: 'topic-abuse', share: 0.04, of: (n) => ({ device: benchDevice(n).device, evidence: [text('denials', 9, 0, '1/min')] }) },
  { detector: 'cloned-identity', share: 0.04, of: (n) => ({ device: benchDevice(n).device, evidence: [text('takeovers between two addresses', 3, 0, '1/5 min')] }) },
] // prettier-ignore

/** Alerts in the order of their beginning, each within the time of which its device has readings; only the last of a device and detector is open. */
const plan = ({ alerts, findings, devices, readings }: DeskScale, nowMs: number): readonly Plan[] => {
  const each = readings / devices
  const drawn = Array.from({ length: alerts }, (_, i) => {
    let lot = dice('story', i)
    const story = stories.find(({ share }) => (lot -= share) < 0) ?? stories[0]!
    const n = Math.floor(dice('device', i) * devices)
    const about = story.of(n)
    const device = benchDevice(n)
    const spanMs = device.spacingMs * each
    return { ...about, detector: story.detector, site: device.site, startMs: Math.floor(nowMs - spanMs * 0.9 * dice('when', i)), i }
  }).toSorted((a, b) => a.startMs - b.startMs)
  const last = new Map(drawn.map(({ detector, device, i }) => [`${detector} ${device}`, i]))
  const share = findings / alerts
  return drawn.map(({ i, ...rest }) => {
    const lot = dice('outcome', i)
    const open = last.get(`${rest.detector} ${rest.device}`) === i && lot < 0.85
    const outcome = !open ? 'closed' : lot < 0.55 ? 'new' : lot < 0.7 ? 'acknowledged' : 'snoozed'
    return {
      ...rest,
      severity: severities[Math.floor(dice('severity', i) * severities.length)]!,
      findings: i % 2 === 0 ? Math.round(share * 1.8) : Math.round(share * 0.2),
      outcome,
    }
  })
}

const findingsOf = (plans: readonly Plan[], nowMs: number): Finding[] => {
  const found: Finding[] = []
  for (const { detector, device, site, evidence, severity, startMs, findings } of plans)
    for (let i = 0; i < Math.max(1, findings); i++) {
      const position = { topic: 'observations.by-device.v1', partition: 0, offset: found.length }
      found.push({
        id: findingId(detector, 1, device, position, 0), detector, version: 1, title: detector.replaceAll('-', ' '), key: device, device, site, severity,
        score: Math.round(dice('score', found.length) * 1_000) / 1_000, attack: ['T0856', 'T0832'], controls: ['A.8.16', 'A.8.9'],
        why: `${evidence[0]!.feature} of ${device} is ${evidence[0]!.observed} where ${evidence[0]!.expected} is usual; seen ${i + 1} times since the alert began.`,
        evidence: [...evidence], at: Math.min(nowMs, startMs + i * 60_000), position, index: 0, decoderVersion: 1,
      }) // prettier-ignore
    }
  return found
}

const actionsOf = ({ outcome }: Plan, alert: string, at: number, nowMs: number): readonly Draft[] => {
  const by = { recordedAt: Math.min(nowMs, at + 30_000), actor: ['rosa', 'tomas', 'ines'][alert.charCodeAt(4) % 3]!, alert }
  if (outcome === 'acknowledged') return [{ type: 'alert.acknowledged', ...by }]
  if (outcome === 'snoozed') return [{ type: 'alert.snoozed', ...by, until: nowMs + 86_400_000 }]
  return outcome === 'closed' ? [{ type: 'alert.closed', ...by, verdict: 'benign-positive', reason: 'Calibration run in the ward' }] : []
}

const batchRows = 10_000

/** Findings in the log, and the chain that triage's own fold makes of them, both also as the sink would have landed them. */
export const fillAlerts = async (parts: {
  readonly log: string
  readonly store: Store
  readonly scale: DeskScale
  readonly nowMs: number
  readonly progress: (line: string) => void
}): Promise<void> => {
  const { store, scale, nowMs, progress } = parts
  const log = await openLmdbLog({ directory: parts.log, sealer: createSealer(benchKey, 'log'), clock: systemClock, mode: 'owner' })
  const plans = plan(scale, nowMs)
  const findings = findingsOf(plans, nowMs)
  for (let from = 0; from < findings.length; from += batchRows)
    await log.append(
      'findings.v1',
      findings.slice(from, from + batchRows).map((finding) => ({ key: 'f', partition: 0, value: Buffer.from(JSON.stringify(finding)) })),
    )
  progress(`${findings.length} findings in the log`)

  const fold = createCaseFold()
  const grouping = { fold, clocks: clockSettings.parse(undefined), describe: () => null }
  let chain: { key: string; text: string; row: object }[] = []
  const flush = async (): Promise<void> => {
    const taken = chain
    chain = []
    await log.append(
      'cases.v1',
      taken.map(({ key, text: value }) => ({ key, partition: 0, value: Buffer.from(value) })),
    )
    await store.landing.insert({ table: 'cases', format: 'JSONEachRow', values: taken.map(({ row }) => row) })
  }
  const record = (draft: Draft): void => {
    const event = sealLink({ ...draft, sequence: fold.sequence + 1, previous: fold.lastHash })
    fold.apply(event)
    const value = JSON.stringify(event)
    const row = {
      ...caseRow(event, value),
      log_topic: 'cases.v1',
      log_partition: 0,
      log_offset: event.sequence,
      landed_at: timeText(event.recordedAt),
    }
    chain.push({ key: 'alert' in event ? event.alert : '', text: value, row })
  }
  /** The last finding of each plan, and the plan. */
  const ends = new Map<number, Plan>()
  let end = -1
  for (const each of plans) ends.set((end += Math.max(1, each.findings)), each)
  const [range] = await log.ranges(['findings.v1'])
  let rows: object[] = []
  let landed = 0
  for await (const batch of log.read('findings.v1', 0, range!.earliest, range!.next))
    for (const { offset } of batch.records) {
      const finding = findings[rows.length + landed]!
      for (const draft of groupFinding(grouping, finding, { topic: 'findings.v1', partition: 0, offset }, finding.at)!) record(draft)
      const over = ends.get(finding.position.offset)
      if (over !== undefined)
        for (const draft of actionsOf(over, fold.current(finding.detector, finding.device)!, finding.at, nowMs)) record(draft)
      rows.push({ ...findingRow(finding), log_topic: 'findings.v1', log_partition: 0, log_offset: offset, landed_at: timeText(finding.at) })
      if (rows.length < batchRows) continue
      await flush()
      await store.landing.insert({ table: 'findings', format: 'JSONEachRow', values: rows })
      landed += rows.length
      rows = []
      if (landed % 100_000 === 0) progress(`${landed} findings, ${fold.sequence} case events, ${fold.size} alerts, ${fold.open} open`)
    }
  await flush()
  if (rows.length > 0) await store.landing.insert({ table: 'findings', format: 'JSONEachRow', values: rows })
  progress(`${fold.sequence} case events, ${fold.size} alerts, ${fold.open} open`)
  await log.close()
}
