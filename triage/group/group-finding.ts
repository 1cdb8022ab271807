import { createHash } from 'node:crypto'
import type { Alert } from '../../contracts/alert.ts'
import { platformActor } from '../../contracts/case-event.ts'
import { compareSeverity, type Finding, type LogPosition, type Severity } from '../../contracts/finding.ts'
import type { TriageDesk } from '../../contracts/triage-desk.ts'
import type { Draft } from '../chain.ts'
import { dueFromNow, dueWhenWorse } from '../clocks/due.ts'
import type { ClockSettings } from '../clocks/settings.ts'
import type { DescribeDevice } from '../describe.ts'
import { type CaseFold, overflowDevice } from './fold.ts'

export interface Grouping {
  readonly fold: CaseFold
  readonly clocks: ClockSettings
  readonly describe: DescribeDevice
}

const open = (fold: CaseFold, id: string | undefined): Alert | undefined => {
  const alert = id === undefined ? undefined : fold.alert(id)
  return alert?.state === 'closed' ? undefined : alert
}

/** Where something on a device goes: the open alert it rolls into, or a new one, which may follow a closed one. */
const place = (
  fold: CaseFold,
  detector: string,
  subject: string,
): { device: string; into: Alert | undefined; follows: { follows?: string } } => {
  const current = fold.current(detector, subject)
  const into = open(fold, current)
  if (into !== undefined) return { device: subject, into, follows: {} }
  if (fold.open < fold.openMax || subject === overflowDevice)
    return { device: subject, into, follows: current === undefined ? {} : { follows: current } }
  const shared = fold.current(detector, overflowDevice)
  const sharedOpen = open(fold, shared)
  return { device: overflowDevice, into: sharedOpen, follows: sharedOpen !== undefined || shared === undefined ? {} : { follows: shared } }
}

/** The clocks that go with the event: for an alert that it opens, and for one that it makes worse. */
const dueOf = (clocks: ClockSettings, into: Alert | undefined, severity: Severity, nowMs: number) => {
  if (into === undefined) return { due: dueFromNow(clocks, severity, nowMs) }
  return compareSeverity(severity, into.severity) > 0 ? { due: dueWhenWorse(clocks, into, severity, nowMs) } : {}
}

/** It goes before the finding that makes the alert worse: if only it became durable, the finding comes again and finds the alert awake. */
const wakes = (into: Alert | undefined, severity: Severity, nowMs: number): Draft[] =>
  into?.state === 'snoozed' && compareSeverity(severity, into.severity) > 0
    ? [{ type: 'alert.woken', recordedAt: nowMs, actor: platformActor, alert: into.id, because: 'worse' }]
    : []

const sameTags = (known: readonly string[], tags: readonly string[]): boolean =>
  known.length === tags.length && tags.every((tag, i) => tag === known[i])

/**
 * The events that take a finding, to be recorded in this order: into its alert, or hidden by a suppression. Null when it was taken before.
 * A suppression keeps a new alert from being opened; an alert that is open goes on, so nothing is hidden from those who work on it.
 */
export const groupFinding = (
  { fold, clocks, describe }: Grouping,
  finding: Finding,
  findingPosition: LogPosition,
  nowMs: number,
): readonly Draft[] | null => {
  if (fold.isRepeat(finding)) return null
  const { detector, title, site, severity, score, why, at, position, index } = finding
  const { device, into, follows } = place(fold, detector, finding.device)
  const common = { recordedAt: nowMs, actor: platformActor }
  const taken = { finding: finding.id, detector, title, site, severity, score, why, at, position, index, findingPosition }
  if (into === undefined || device !== finding.device) {
    const hiding = fold.suppressions.hiding(finding, () => describe(finding.device)?.model ?? null, nowMs)
    if (hiding !== undefined) return [{ type: 'finding.suppressed', ...common, suppression: hiding.id, ...taken, device: finding.device }]
  }
  return [
    ...wakes(into, severity, nowMs),
    {
      type: 'finding.folded',
      ...common,
      alert: into?.id ?? alertId(`alert\n${finding.id}`),
      opened: into === undefined,
      ...taken,
      device,
      evidence: finding.evidence,
      ...(into !== undefined && sameTags(into.attack, finding.attack) ? {} : { attack: finding.attack }),
      ...(into !== undefined && sameTags(into.controls, finding.controls) ? {} : { controls: finding.controls }),
      ...follows,
      ...dueOf(clocks, into, severity, nowMs),
    },
  ]
}

/** The events of the platform's own alert. */
export const groupRaised = (
  { fold, clocks }: Grouping,
  raised: Parameters<TriageDesk['raise']>[0],
  nowMs: number,
): { readonly alert: string; readonly drafts: readonly Draft[] } => {
  const { device, into, follows } = place(fold, raised.detector, raised.device)
  const alert = into?.id ?? alertId(`raised\n${fold.sequence}\n${fold.lastHash}`)
  const { detector, title, site, severity, score, why, evidence } = raised
  const drafts: Draft[] = [
    ...wakes(into, severity, nowMs),
    {
      type: 'alert.raised',
      recordedAt: nowMs,
      actor: platformActor,
      alert,
      opened: into === undefined,
      detector,
      title,
      device,
      site,
      severity,
      score,
      why,
      at: nowMs,
      evidence: [...evidence],
      ...follows,
      ...dueOf(clocks, into, severity, nowMs),
    },
  ]
  return { alert, drafts }
}

/** Follows from what opened it: a fold that is done again names the alert the same. */
const alertId = (opening: string): string => `AL-${createHash('sha256').update(opening).digest('hex').slice(0, 12)}`
