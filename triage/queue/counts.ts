import type { Severity } from '../../contracts/finding.ts'
import type { TriageCounts } from '../../contracts/triage-desk.ts'
import type { Suppressions } from '../suppress/suppressions.ts'
import type { Queue, RowListener } from './queue.ts'
import type { Row } from './row.ts'

const minuteMs = 60_000
export const histogramMinutes = 60
/** Minutes that are held: some more than shown, for clocks that differ. */
const minutesHeld = 2 * histogramMinutes

type BySeverity = Record<Severity, number>
const zero = (): BySeverity => ({ critical: 0, high: 0, medium: 0, low: 0 })

/** The numbers above the queue, counted along with each change. */
export interface Counts {
  readonly onRow: RowListener
  /** An alert was opened, at once or in the past that is restored. */
  opened(atMs: number, severity: Severity): void
  read(queue: Queue, suppressions: Suppressions, asker: string | null, nowMs: number): TriageCounts
}

export const createCounts = (): Counts => {
  const severities = zero()
  const minutes = new Map<number, BySeverity>()
  let newestMinute = -Infinity
  let lastAlertAt: number | null = null
  /** Open alerts whose next clock had run out at `pastDueAtMs`. */
  const pastDue = new Set<string>()
  let pastDueAtMs = -Infinity

  const isPastDue = (row: Row): boolean => row.shelf === 'open' && row.nextDueAt !== null && row.nextDueAt <= pastDueAtMs

  const opened = (atMs: number, severity: Severity): void => {
    lastAlertAt = Math.max(lastAlertAt ?? atMs, atMs)
    const minute = Math.floor(atMs / minuteMs)
    if (minute <= newestMinute - minutesHeld) return
    const here = minutes.get(minute) ?? zero()
    here[severity]++
    minutes.set(minute, here)
    if (minute <= newestMinute) return
    newestMinute = minute
    for (const old of minutes.keys()) if (old <= newestMinute - minutesHeld) minutes.delete(old)
  }

  /** Time goes on: those that ran out since the last look are found in the order of their clocks. */
  const moveOn = (queue: Queue, nowMs: number): void => {
    if (nowMs === pastDueAtMs) return
    if (nowMs < pastDueAtMs) {
      pastDue.clear()
      pastDueAtMs = -Infinity
    }
    const from = pastDueAtMs === -Infinity ? null : { a: pastDueAtMs, b: Number.MAX_SAFE_INTEGER, id: '' }
    for (const { a, id } of queue.shelves.open.by.due.from(from)) {
      if (a > nowMs) break
      pastDue.add(id)
    }
    pastDueAtMs = nowMs
  }

  return {
    opened,
    onRow(before, after) {
      if (before?.shelf === 'open') {
        severities[before.alert.severity]--
        pastDue.delete(before.alert.id)
      }
      if (after?.shelf === 'open') {
        severities[after.alert.severity]++
        if (isPastDue(after)) pastDue.add(after.alert.id)
      }
    },
    read(queue, suppressions, asker, nowMs) {
      moveOn(queue, nowMs)
      const { open, snoozed, closed } = queue.shelves
      const inForce = suppressions.all().filter(({ endedAt, expiresAt }) => endedAt === null && expiresAt > nowMs)
      const thisMinute = Math.floor(nowMs / minuteMs)
      return {
        tabs: {
          triage: open.size,
          mine: asker === null ? 0 : (queue.owned(asker)?.size ?? 0),
          snoozed: snoozed.size,
          closed: closed.size,
        },
        severities: { ...severities },
        pastDue: pastDue.size,
        histogram: Array.from({ length: histogramMinutes }, (_, i) => {
          const minute = thisMinute - histogramMinutes + 1 + i
          return { ...(minutes.get(minute) ?? zero()), minute: minute * minuteMs }
        }),
        lastAlertAt,
        suppressed: { active: inForce.length, hidden: inForce.reduce((sum, { hidden }) => sum + hidden, 0) },
      }
    },
  }
}
