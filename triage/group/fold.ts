import type { Alert, AlertState } from '../../contracts/alert.ts'
import type { CaseEvent } from '../../contracts/case-event.ts'
import type { Finding, LogPosition } from '../../contracts/finding.ts'
import { createUndoMemory } from '../assess/undo-memory.ts'
import type { Workflow } from '../assess/workflow.ts'
import { chainStart } from '../chain.ts'
import { createSuppressions, type Suppressions } from '../suppress/suppressions.ts'
import { alertAfter, type AlertEvent } from './alert-after.ts'

/** With this many alerts open, new devices of a detector share one alert named `overflow`: an attacker who invents devices can't fill the memory. */
export const alertsMaxDefault = 200_000
/** Closed alerts that stay in memory: those closed last. Older ones are in ClickHouse and in the log. */
export const closedAlertsMaxDefault = 100_000
/** The device of the alert that takes what is too much. */
export const overflowDevice = 'overflow'

/** What an event has changed. */
export interface Applied {
  /** The alert as it is after the event; null for a suppression's event. */
  readonly alert: Alert | null
  /** The closed alert that had to leave memory. */
  readonly left: string | null
}

/** The state of every alert and suppression: nothing but the fold of `cases.v1`. */
export interface CaseFold {
  /** Applies an event that stands in the chain. `inPlace`: nobody holds an alert of this fold yet. */
  apply(event: CaseEvent, inPlace?: boolean): Applied
  alert(id: string): Alert | undefined
  /** Newest change first; at most `limit`. */
  newest(limit: number, states?: readonly AlertState[]): readonly Alert[]
  alerts(): Iterable<Alert>
  readonly size: number
  readonly open: number
  readonly openMax: number
  /** The newest alert of a detector and device, open or closed. */
  current(detector: string, device: string): string | undefined
  readonly suppressions: Suppressions
  /** How an alert was before an action of the last seconds. */
  before(sequence: number): Workflow | undefined
  /** Whether the finding is in the chain already: a detector host that was killed writes its last ones again. */
  isRepeat(finding: Finding): boolean
  /** The offset in `findings.v1` behind the last finding of a partition that was taken; undefined before the first. */
  resumeAt(partition: number): number | undefined
  readonly sequence: number
  readonly lastHash: string
}

export interface CaseFoldLimits {
  readonly alertsMax?: number
  readonly closedAlertsMax?: number
}

/** Findings come in the order of (offset, index) per source partition, repeats after a crash excepted: so a high-water mark tells a repeat. */
export const createCaseFold = ({
  alertsMax = alertsMaxDefault,
  closedAlertsMax = closedAlertsMaxDefault,
}: CaseFoldLimits = {}): CaseFold => {
  const alerts = new Map<string, Alert>()
  const idByFold = new Map<string, string>()
  /** In the order of their closing. */
  const closed = new Set<string>()
  const highWater = new Map<string, { offset: number; index: number }>()
  const resume = new Map<number, number>()
  const suppressions = createSuppressions()
  const undo = createUndoMemory()
  let sequence = 0
  let lastHash = chainStart

  const foldKey = (detector: string, device: string): string => `${detector}\n${device}`

  const leaveMemory = (): string | null => {
    if (closed.size <= closedAlertsMax) return null
    const oldest = closed.values().next().value!
    const alert = alerts.get(oldest)!
    closed.delete(oldest)
    alerts.delete(oldest)
    const key = foldKey(alert.detector, alert.device)
    if (idByFold.get(key) === oldest) idByFold.delete(key)
    return oldest
  }

  const applyToAlert = (event: AlertEvent, inPlace: boolean): Applied => {
    const before = alerts.get(event.alert)
    if (event.type !== 'finding.folded') undo.acted(event, before)
    const after = alertAfter(before, event, inPlace)
    if (after === null) return { alert: null, left: null }
    if (after !== before) alerts.set(after.id, after)
    if (before === undefined) idByFold.set(foldKey(after.detector, after.device), after.id)
    if (after.state === 'closed') closed.add(after.id)
    else if (closed.size > 0) closed.delete(after.id)
    return { alert: after, left: leaveMemory() }
  }

  /** Findings come many from one partition: the mark of the last one is at hand. */
  let last = { topic: '', partition: -1, mark: { offset: -1, index: -1 } }
  const markOf = ({ topic, partition }: LogPosition): { offset: number; index: number } => {
    if (last.partition === partition && last.topic === topic) return last.mark
    const name = `${topic}/${partition}`
    const mark = highWater.get(name) ?? { offset: -1, index: -1 }
    highWater.set(name, mark)
    last = { topic, partition, mark }
    return mark
  }

  return {
    apply(event, inPlace = false) {
      sequence = event.sequence
      lastHash = event.hash
      if (event.type === 'finding.folded' || event.type === 'finding.suppressed') {
        const mark = markOf(event.position)
        mark.offset = event.position.offset
        mark.index = event.index
        resume.set(event.findingPosition.partition, event.findingPosition.offset + 1)
      }
      if ('alert' in event) return applyToAlert(event, inPlace)
      suppressions.apply(event)
      return { alert: null, left: null }
    },
    alert: (id) => alerts.get(id),
    newest(limit, states) {
      const wanted = [...alerts.values()].filter(({ state }) => states === undefined || states.includes(state))
      return wanted.sort((a, b) => b.sequence - a.sequence).slice(0, limit)
    },
    alerts: () => alerts.values(),
    get size() {
      return alerts.size
    },
    get open() {
      return alerts.size - closed.size
    },
    openMax: alertsMax,
    current: (detector, device) => idByFold.get(foldKey(detector, device)),
    suppressions,
    before: undo.before,
    isRepeat({ position: { topic, partition, offset }, index }) {
      const mark = highWater.get(`${topic}/${partition}`)
      return mark !== undefined && (offset < mark.offset || (offset === mark.offset && index <= mark.index))
    },
    resumeAt: (partition) => resume.get(partition),
    get sequence() {
      return sequence
    },
    get lastHash() {
      return lastHash
    },
  }
}
