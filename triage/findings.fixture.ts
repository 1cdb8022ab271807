import type { CaseEvent } from '../contracts/case-event.ts'
import { type Finding, findingId, type LogPosition } from '../contracts/finding.ts'
import { type Draft, sealLink } from './chain.ts'
import { clockSettings } from './clocks/settings.ts'
import type { CaseFold } from './group/fold.ts'
import { groupFinding, type Grouping } from './group/group-finding.ts'

/** A finding for tests of triage, triggered at `offset` of a partition. */
export const findingAt = (offset: number, over: Partial<Finding> = {}, partition = 0): Finding => {
  const position = { topic: 'observations.by-device.v1', partition, offset }
  const detector = over.detector ?? 'replay'
  const device = over.device ?? 'pump-1'
  return {
    id: findingId(detector, 1, device, position, over.index ?? 0),
    detector,
    version: 1,
    title: 'Replay',
    key: device,
    device,
    site: 'north',
    severity: 'medium',
    score: 0.5,
    attack: ['T0856'],
    controls: ['A.8.16'],
    why: `seen at ${offset}`,
    evidence: [],
    at: 1_000 + offset,
    position,
    index: 0,
    decoderVersion: 1,
    ...over,
  }
}

/** Seals and applies drafts at the end of a fold's chain. */
export const link = (fold: CaseFold, drafts: readonly Draft[]): CaseEvent[] =>
  drafts.map((draft) => {
    const event = sealLink({ ...draft, sequence: fold.sequence + 1, previous: fold.lastHash })
    fold.apply(event)
    return event
  })

export const groupingOf = (fold: CaseFold): Grouping => ({ fold, clocks: clockSettings.parse(undefined), describe: () => null })

/** Takes a finding into a fold as triage does; no event when it was taken before. */
export const takeInto = (fold: CaseFold, finding: Finding, findingPosition: LogPosition, nowMs: number): CaseEvent[] =>
  link(fold, groupFinding(groupingOf(fold), finding, findingPosition, nowMs) ?? [])
