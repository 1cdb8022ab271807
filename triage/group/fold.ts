import { createHash } from 'node:crypto'
import type { Alert } from '../../contracts/alert.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import { compareSeverity, type Finding, type LogPosition } from '../../contracts/finding.ts'
import { chainStart, sealLink } from '../chain.ts'

/** Above this many alerts, new devices of a detector share one alert named `overflow`: an attacker who invents devices can't fill the memory. */
export const alertsMaxDefault = 200_000

export interface CaseFold {
  /** Applies an event that stands in the chain. */
  apply(event: CaseEvent): void
  /** The event that folds this finding, to be appended and then applied; null when it was folded before. */
  fold(finding: Finding, findingPosition: LogPosition, nowMs: number): CaseEvent | null
  alert(id: string): Alert | undefined
  /** Newest change first. */
  alerts(): readonly Alert[]
  /** The offset in `findings.v1` behind the last folded finding of a partition; undefined before the first. */
  resumeAt(partition: number): number | undefined
  readonly sequence: number
  readonly lastHash: string
}

/** Findings come in the order of (offset, index) per source partition, repeats after a crash excepted: so a high-water mark tells a repeat. */
export const createCaseFold = ({ alertsMax = alertsMaxDefault }: { readonly alertsMax?: number } = {}): CaseFold => {
  const alerts = new Map<string, Alert>()
  const idByFold = new Map<string, string>()
  const highWater = new Map<string, { offset: number; index: number }>()
  const resume = new Map<number, number>()
  let sequence = 0
  let lastHash = chainStart

  const foldKey = (detector: string, device: string): string => `${detector}\n${device}`

  return {
    apply(event) {
      sequence = event.sequence
      lastHash = event.hash
      if (event.type !== 'finding.folded') return
      const before = alerts.get(event.alert)
      alerts.delete(event.alert)
      alerts.set(event.alert, {
        id: event.alert,
        detector: event.detector,
        title: event.title,
        device: event.device,
        site: event.site,
        severity: before !== undefined && compareSeverity(before.severity, event.severity) > 0 ? before.severity : event.severity,
        score: Math.max(before?.score ?? 0, event.score),
        count: (before?.count ?? 0) + 1,
        firstSeen: Math.min(before?.firstSeen ?? event.at, event.at),
        lastSeen: Math.max(before?.lastSeen ?? event.at, event.at),
        why: event.why,
        evidence: event.evidence ?? [],
        attack: event.attack ?? [],
        controls: event.controls ?? [],
        state: 'new',
        owner: null,
        openedAt: before?.openedAt ?? event.recordedAt,
        acknowledgedAt: null,
        acknowledgedBy: null,
        containedAt: null,
        snoozedUntil: null,
        closedAt: null,
        closedBy: null,
        verdict: null,
        reason: null,
        notes: 0,
        due: { acknowledgeBy: null, containBy: null },
        breached: { acknowledge: null, contain: null },
        previous: null,
        sequence: event.sequence,
        version: before?.version ?? event.sequence,
        lastChange: before?.lastChange ?? { type: event.type, actor: event.actor, at: event.recordedAt },
      })
      idByFold.set(foldKey(event.detector, event.device), event.alert)
      highWater.set(`${event.position.topic}/${event.position.partition}`, { offset: event.position.offset, index: event.index })
      resume.set(event.findingPosition.partition, event.findingPosition.offset + 1)
    },

    fold(finding, findingPosition, nowMs) {
      const mark = highWater.get(`${finding.position.topic}/${finding.position.partition}`)
      const { offset } = finding.position
      if (mark !== undefined && (offset < mark.offset || (offset === mark.offset && finding.index <= mark.index))) return null
      const known = idByFold.get(foldKey(finding.detector, finding.device))
      const device = known === undefined && alerts.size >= alertsMax ? 'overflow' : finding.device
      const id = known ?? idByFold.get(foldKey(finding.detector, device))
      return sealLink({
        type: 'finding.folded',
        sequence: sequence + 1,
        previous: lastHash,
        recordedAt: nowMs,
        actor: 'wardwatch',
        alert: id ?? alertId(finding),
        opened: id === undefined,
        finding: finding.id,
        detector: finding.detector,
        title: finding.title,
        device,
        site: finding.site,
        severity: finding.severity,
        score: finding.score,
        why: finding.why,
        at: finding.at,
        position: finding.position,
        index: finding.index,
        findingPosition,
      })
    },

    alert: (id) => alerts.get(id),
    alerts: () => [...alerts.values()].toReversed(),
    resumeAt: (partition) => resume.get(partition),
    get sequence() {
      return sequence
    },
    get lastHash() {
      return lastHash
    },
  }
}

/** Follows from the finding that opened it: a fold that is done again names the alert the same. */
const alertId = (finding: Finding): string => `AL-${createHash('sha256').update(`alert\n${finding.id}`).digest('hex').slice(0, 12)}`
